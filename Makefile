# Roost. `make` alone lists the targets.
.PHONY: help setup run build wheel deb package-setup test-packages reference man docs test-setup docs-setup test test-all test-docs test-edge edge-setup test-tls test-h2 h2-setup test-chaos test-hostile test-python test-workers test-reload test-sanitize autobahn bench bench-python fuzz format lint clean bench-setup

# Debian packages for the host and its tests. The tests compile modules with the C and C++ compilers and send requests
# with curl. The wiki renders with cmark, WebSockets need SHA-1 and zlib, libffi calls views, nlohmann-json reads JSON, libyaml settings files,
# and pkg-config finds the headers of Python for the bridge.
PACKAGES = gcc g++ libc6-dev libffi-dev nlohmann-json3-dev libcmark-dev libmd-dev libnghttp2-dev libyaml-dev zlib1g-dev libpython3-dev pkg-config curl libcurl4-openssl-dev
# Python runs the blocks of the documentation's pages, and the tests of Python applications. nghttpx passes requests of
# tests on over HTTP/2.
TEST_PACKAGES = python3 python3-venv nghttp2-proxy
# Pages of the documentation configure proxies, build modules in Go and debug crashes; mandoc checks the manual page.
DOCS_PACKAGES = python3-venv openssl nginx-light caddy haproxy golang-go gdb mandoc
EDGE_PACKAGES = python3 curl gcc nginx-light libnginx-mod-stream haproxy caddy apache2-bin postgresql libpq-dev libsqlite3-dev pkg-config python3-venv chromium
TLS_PACKAGES = python3 openssl curl gcc
H2_PACKAGES = python3 python3-venv openssl curl gcc nghttp2-client chromium
BENCH_PACKAGES = wrk nginx h2o nghttp2-client openssl python3 procps valgrind

SOURCES = Package.swift Sources Plugins Tests Examples Benchmarks/BareNIO
# The wiki's settings modules are below its folder, those of another module below the working directory.
MODULE ?= .build/release/libWiki.so
APP_DIR ?= $(if $(findstring libWiki.so,$(MODULE)),Plugins/Wiki,.)
ARGUMENTS ?=

help:
	@echo 'make setup    install the Debian packages that are missing; run, build and test do this first'
	@echo 'make run      build, and serve the wiki at http://127.0.0.1:8000'
	@echo '              (another module: make run MODULE=./libmine.so ARGUMENTS="--port 9000")'
	@echo 'make build    build .build/release/roost and the modules beside it'
	@echo 'make test     build and test (make test-all is the same)'
	@echo 'make test-docs  build the documentation, and run the blocks of all its pages; installs what they need'
	@echo 'make test-hostile  attack the server: slow, large and many clients, and clients that disconnect; directly and through a worker group'
	@echo 'make test-chaos  clients that disconnect at random moments, in every configuration (CHAOS_SECONDS each: 60)'
	@echo 'make test-python  test the Python bridge, and Django, Channels, FastAPI, Flask and other frameworks from PyPI (20 minutes)'
	@echo 'make test-edge  nginx, HAProxy, Caddy, Apache and Chromium in front of Roost, PostgreSQL and SQLite behind it; installs them (3 minutes)'
	@echo 'make test-tls  test TLS with openssl and curl: handshakes, client certificates, certificates that change under load (3 minutes)'
	@echo 'make test-h2   test HTTP/2 with curl, nghttp, the library h2 and Chromium: requests, attacks, WebSockets (5 minutes)'
	@echo 'make test-workers  crash workers, replace them under load, stop the server while clients stay connected (3 minutes)'
	@echo 'make test-reload  replace modules while they serve: files written in every way, faulty files, under load (5 minutes)'
	@echo 'make test-sanitize  the suites of the ABI and of the protocols, under the thread and the address sanitizer'
	@echo 'make autobahn  run the Autobahn test suite of WebSockets (7 minutes; needs Python 2.7)'
	@echo 'make fuzz     fuzz the parsers of requests, frames of HTTP/2, header fields of proxies, ranges, frames, relays, messages, forms, JSON and paths, for FUZZ_TIME seconds each (60)'
	@echo 'make bench    measure against a bare epoll loop, bare NIO, and nginx'
	@echo 'make bench-python  measure Python applications beside Uvicorn, Granian, Hypercorn, Daphne and Gunicorn (1 hour)'
	@echo 'make reference  write the generated pages of Documentation/reference'
	@echo 'make man      write the manual page .build/roost.1'
	@echo 'make docs     build the documentation as a site in .build/site, and check its links'
	@echo 'make wheel    build a wheel for pip in .build/packages'
	@echo 'make deb      build the Debian packages roost and roost-dev in .build/packages'
	@echo 'make test-packages  install the wheel with several interpreters, and both packages in a Debian root (as root, 5 minutes)'
	@echo 'make format   format the sources'
	@echo 'make lint     check the format of the sources'
	@echo 'make clean    remove what was built'

run: setup build
	exec .build/release/roost serve $(MODULE) --app-dir $(APP_DIR) $(ARGUMENTS)

# Makes it an error to import a target that Package.swift does not declare. By default SwiftPM permits any target built
# before.
LAYERED = --explicit-target-dependency-import-check error

# Leaves swift-nio-ssl out of debug builds: its BoringSSL takes long to build. The tests of TLS use the release build.
WITHOUT_TLS = --disable-default-traits

# Faster code for every request: exclusivity checks only in the debug build, which the tests run, and inlining across
# packages. Together this saves a tenth of a request's CPU time (Benchmarks/README.md).
RELEASE = -c release $(LAYERED) -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization

build: setup
	swift build $(RELEASE)

# The pages that `roost reference` writes. A test compares them with its output.
REFERENCE = commands limits log-events options other-servers

reference: build
	for page in $(REFERENCE); do .build/release/roost reference $$page > Documentation/reference/$$page.md || exit 1; done

man: build
	.build/release/roost reference man > .build/roost.1

# MkDocs with the theme Material, from PyPI. It fails if a link leads nowhere.
DOCS = .build/docs/bin/mkdocs

docs: docs-setup
	NO_MKDOCS_2_WARNING=1 $(DOCS) build --quiet --strict

docs-setup: test-setup
	@$(call install,$(DOCS_PACKAGES))
	@test -x $(DOCS) || { python3 -m venv .build/docs && .build/docs/bin/pip install --quiet 'mkdocs-material==9.*' ziglang; }

# Suites that run again with the module in another worker, through a relay, again behind middleware, and again wrapped by
# another application; the results must be the same. (Those of the thread pool count on being its only user.)
RELAYED = '^RoostTests\.(Call|Stream|Failure|Trailer|File|WebSocket|Blocking|ConnectionEnd|Forwarding|HostAnswer|SwiftModule|View|ViewField|ViewUsage|ViewLanguage)Tests'

# Suites that run again over HTTP/2, through nghttpx, which speaks HTTP/1 to the tests.
OVER_HTTP2 = '^RoostTests\.(Call|Failure|File|Forwarding|SwiftModule|View|ViewField|ViewUsage|ViewLanguage)Tests'

# Suites that wait for programs and thereby block threads. They run separately, since asynchronous tests would get no
# threads.
PROGRAMS = '^(RoostCommandTests|WikiTests)\.'

# Maximum number of concurrent test cases. If all start at once on a busy machine, a test waits for a thread beyond its
# timeouts.
WIDTH = --experimental-maximum-parallelization-width 16

# A filter that matches nothing succeeds without running a test, so the number of tests is checked too.
define run_tests
	$(1) swift test $(WITHOUT_TLS) --skip-build $(WIDTH) $(2) 2>&1 | tee .build/test.log; test $${PIPESTATUS[0]} -eq 0
	@grep -Eq 'Test run with [1-9][0-9]* tests' .build/test.log || { echo 'make test: no test was run'; exit 1; }
endef

test: setup test-setup build
	swift build $(WITHOUT_TLS) --build-tests $(LAYERED)
	$(call run_tests,,--skip $(PROGRAMS))
	$(call run_tests,,--filter $(PROGRAMS))
	$(call run_tests,ROOST_TEST_RELAY=1,--filter $(RELAYED))
	$(call run_tests,ROOST_TEST_MIDDLEWARE=1,--filter $(RELAYED))
	$(call run_tests,ROOST_TEST_HTTP2=1,--filter $(OVER_HTTP2))
	$(call run_tests,ROOST_TEST_WRAPPED=1,--filter $(RELAYED) --skip BlockingTests)
	Tests/Python/run --quick

test-all: test

# Runs the blocks of all pages of the documentation. `make test` leaves out those that need a program that is missing.
test-docs: docs build
	swift build $(WITHOUT_TLS) --build-tests $(LAYERED)
	PATH="$(CURDIR)/.build/docs/bin:$$PATH" ROOST_TEST_DOCS=1 swift test $(WITHOUT_TLS) --skip-build --filter '^RoostCommandTests.DocumentationPageTests'

# Runs hostile clients against the release build: directly, and through a worker group.
test-hostile: build
	swift build $(WITHOUT_TLS) --product Hostile
	.build/debug/Hostile
	.build/debug/Hostile --group

# Runs clients that disconnect at random moments. CHAOS_SECONDS: seconds for each configuration.
test-chaos: build
	swift build $(WITHOUT_TLS) --product Workers
	.build/debug/Workers --chaos

# Tests Python applications with the frameworks from PyPI, for each interpreter that is found. ARGUMENTS='--quick' runs a
# part that takes at most four minutes.
test-python: build
	Tests/Python/run $(ARGUMENTS)

# Real proxies in front of Roost, pages in Chromium, and modules that use databases.
test-edge: build edge-setup
	cd Tests/Edge && PYTHONPATH=../Serving ../../.build/edge/bin/python3 -m unittest
	cd Tests/Databases && PYTHONPATH=../Serving python3 -m unittest

edge-setup:
	@$(call install,$(EDGE_PACKAGES))
	@test -x .build/edge/bin/playwright || { python3 -m venv .build/edge && .build/edge/bin/pip install --quiet playwright; }

# TLS as clients see it. CI's debug build has none.
test-tls: build
	@$(call install,$(TLS_PACKAGES))
	cd Tests/TLS && PYTHONPATH=../Serving python3 -m unittest

# HTTP/2 as clients see it, and what only hostile ones send.
test-h2: build h2-setup
	cd Tests/HTTP2 && PYTHONPATH=../Serving ../../.build/h2/bin/python3 -m unittest

h2-setup:
	@$(call install,$(H2_PACKAGES))
	@test -x .build/h2/bin/playwright || { python3 -m venv .build/h2 && .build/h2/bin/pip install --quiet h2 playwright; }

# Crashes, replaces and stops workers under load. CHAOS_SECONDS: for how long workers are killed at random (60).
test-workers: build
	swift build $(WITHOUT_TLS) --product Workers
	.build/debug/Workers

# No leak detection: Swift's runtime frees nothing at exit, and a fixture leaves scopes open on purpose. The suites of
# the SDK are left out: the thread sanitizer does not see the mutex of the Synchronization module and reports what it
# guards.
SANITIZED = '^RoostTests\.(View|ViewField|ViewUsage|Call|Stream|Lifespan|Failure|Blocking|WebSocket|Broadcast|LoopExtension|Misbehaviour)Tests|^(HTTPServer|HTTPRelay|ModuleRuntime)Tests\.'
test-sanitize: setup
	TSAN_OPTIONS=exitcode=66 swift test $(WITHOUT_TLS) $(WIDTH) --sanitize=thread --scratch-path .build-tsan --filter $(SANITIZED)
	ASAN_OPTIONS=detect_leaks=0 swift test $(WITHOUT_TLS) $(WIDTH) --sanitize=address --scratch-path .build-asan --filter $(SANITIZED)

# Replaces generations under load. RELOADS: the number of reloads under load (1000).
test-reload: build
	swift build $(WITHOUT_TLS) --product Workers
	.build/debug/Workers --reload

autobahn: build
	Tests/Autobahn/run
	Tests/Autobahn/run --group

bench: build bench-setup
	Benchmarks/bench
	Benchmarks/applications
	Benchmarks/views
	Benchmarks/edge
	Benchmarks/http2

# Servers of Python applications side by side, with the interpreter PYTHON.
PYTHON ?= python3
BENCH_PYTHON = .build/bench-python

bench-python: build bench-setup
	test -x $(BENCH_PYTHON)/bin/python || $(PYTHON) -m venv $(BENCH_PYTHON)
	$(BENCH_PYTHON)/bin/pip install --quiet uvloop httptools websockets uvicorn granian hypercorn daphne gunicorn starlette fastapi django flask
	Benchmarks/python

# New inputs are stored below .build-fuzz. An input that crashes is reported and stored there too.
FUZZ_TIME ?= 60
fuzz: setup
	for fuzzer in RequestFuzz HTTP2Fuzz EdgeFuzz SocketFuzz RelayFuzz MessageFuzz ViewFuzz; do \
		ROOST_FUZZ=1 swift build $(WITHOUT_TLS) -c release --product $$fuzzer --scratch-path .build-fuzz -Xswiftc -enable-testing \
			-Xswiftc -sanitize=fuzzer -Xcc -fsanitize=fuzzer-no-link -Xswiftc -use-ld=lld || exit 1; done
	mkdir -p .build-fuzz/corpus .build-fuzz/http2 .build-fuzz/edge .build-fuzz/frames .build-fuzz/relay .build-fuzz/messages .build-fuzz/views
	.build-fuzz/release/RequestFuzz -max_total_time=$(FUZZ_TIME) -max_len=2048 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/corpus Tests/Fuzz/Seeds
	.build-fuzz/release/HTTP2Fuzz -max_total_time=$(FUZZ_TIME) -max_len=4096 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/http2 Tests/Fuzz/HTTP2Seeds
	.build-fuzz/release/EdgeFuzz -max_total_time=$(FUZZ_TIME) -max_len=2048 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/edge Tests/Fuzz/EdgeSeeds
	.build-fuzz/release/SocketFuzz -max_total_time=$(FUZZ_TIME) -max_len=2048 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/frames Tests/Fuzz/SocketSeeds
	.build-fuzz/release/RelayFuzz -max_total_time=$(FUZZ_TIME) -max_len=2048 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/relay Tests/Fuzz/RelaySeeds
	.build-fuzz/release/MessageFuzz -max_total_time=$(FUZZ_TIME) -max_len=2048 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/messages
	.build-fuzz/release/ViewFuzz -max_total_time=$(FUZZ_TIME) -max_len=2048 -artifact_prefix=.build-fuzz/ \
		.build-fuzz/views Tests/Fuzz/ViewSeeds

# Packages for users without a Swift toolchain, in .build/packages.
PACKAGE_PACKAGES = patchelf binutils dpkg-dev lintian

package-setup: test-setup
	@$(call install,$(PACKAGE_PACKAGES))

wheel: build package-setup
	Packaging/wheel

deb: build package-setup
	Packaging/deb

# Installs the packages, also in a Debian root (debootstrap). Runs as root.
test-packages: wheel deb
	@$(call install,debootstrap)
	cd Tests/Packaging && PYTHONPATH=../Serving PYTHONDONTWRITEBYTECODE=1 python3 -m unittest

format:
	swift format --in-place --recursive --parallel $(SOURCES)

lint:
	swift format lint --strict --recursive --parallel $(SOURCES)

clean:
	rm -rf .build .build-*

# Prints nothing as a prerequisite of another target if no package is missing.
setup:
	@$(call install,$(PACKAGES),$(filter setup,$(MAKECMDGOALS)))

test-setup:
	@$(call install,$(TEST_PACKAGES))

bench-setup:
	@$(call install,$(BENCH_PACKAGES))

# Installs the missing packages of a list, and prints their names on one line.
define install
missing=$$(for package in $(1); do dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done | xargs); \
if [ -n "$$missing" ]; then \
	echo "installing $$missing"; \
	sudo=$$([ $$(id -u) -eq 0 ] || echo sudo); \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
elif [ -n "$(2)" ]; then \
	echo 'all packages are installed'; \
fi
endef

SHELL = /bin/bash
