WATCHED = src
BUILT = target

# Cargo knows whether there is something to do.
target/release/libmodule.so: FORCE
	cargo build --release --offline

@NAME@.so: target/release/libmodule.so
	cp $< .$@
	mv -f .$@ $@
