WATCHED = src
BUILT = target

# Always runs Cargo, which decides what to rebuild.
target/release/libmodule.so: FORCE
	cargo build --release --offline

@NAME@.so: target/release/libmodule.so
	cp $< .$@
	mv -f .$@ $@
