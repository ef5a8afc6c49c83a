WATCHED = .
CFLAGS ?= -O2 -g

@NAME@.so: @NAME@.c include/asgi.h Makefile
	$(CC) -std=c11 -Wall -Wextra $(CFLAGS) -fPIC -fvisibility=hidden -Iinclude \
		-shared -Wl,-z,defs $(LDFLAGS) -o .$@ $<
	mv -f .$@ $@
