WATCHED = Sources
BUILT = .build

# Swift knows whether there is something to do.
.build/release/lib@TARGET@.so: FORCE
	swift build -c release

@NAME@.so: .build/release/lib@TARGET@.so
	cp $< .$@
	mv -f .$@ $@
