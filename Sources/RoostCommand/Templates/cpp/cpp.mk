WATCHED = .
CXXFLAGS ?= -O2 -g
# By default, g++ shares some variables between all modules of a process. clang++ does not, and does not know the flag.
UNSHARED := $(shell $(CXX) -fno-gnu-unique -x c++ -E /dev/null >/dev/null 2>&1 && echo -fno-gnu-unique)

@NAME@.so: @NAME@.cpp $(wildcard include/*) Makefile
	$(CXX) -std=c++17 -Wall -Wextra $(CXXFLAGS) -fPIC -fvisibility=hidden $(UNSHARED) -Iinclude \
		-shared -Wl,-z,defs $(LDFLAGS) -o .$@ $<
	mv -f .$@ $@
