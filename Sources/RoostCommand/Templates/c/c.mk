WATCHED = .
CFLAGS ?= -O2 -g

@NAME@.so: @NAME@.c $(wildcard include/*) Makefile
	$(CC) -std=c11 -Wall -Wextra $(CFLAGS) -fPIC -fvisibility=hidden -Iinclude \
		-shared -Wl,-z,defs $(LDFLAGS) -o .$@ $<
	mv -f .$@ $@
