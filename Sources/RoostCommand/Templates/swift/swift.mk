WATCHED = Sources
BUILT = .build

# Always runs SwiftPM, which decides what to rebuild.
.build/release/lib@TARGET@.so: FORCE
	swift build -c release

@NAME@.so: .build/release/lib@TARGET@.so
	cp $< .$@
	mv -f .$@ $@
