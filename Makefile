# A thin cover over meson, so that the usual commands work. Nothing is decided here.
#
#   make            build            make check      all tests        make demo     see a box at work
#   make install    DESTDIR, PREFIX  make windows    cross-build      make asan     tests with sanitizers
#   make windows-kit                 what a person with Windows needs to try it: a zip file
#   make check-clang                 make fuzz       FUZZ_TIME=30     make bench    measure
#   make golden     accept new golden files          make lint        style and layering only
#   make format     clang-format on every C file     make check-slow the long draws
#   make check-kernels  on Debian's kernel in an emulated machine (KERNEL=package)

BUILD ?= build
PREFIX ?= /usr/local
MESON ?= meson
FUZZ_TIME ?= 30
ASAN_SUITES ?= unit golden cli
CLANG_SUITES ?= unit golden

setup = test -f $(1)/build.ninja || $(MESON) setup $(1) $(2)
sanitize = -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static

.PHONY: all with-tests check check-slow check-kernels demo install windows windows-kit asan check-clang fuzz bench golden lint format clean

all:
	@$(call setup,$(BUILD),--prefix=$(PREFIX) -Dtests=false)
	@$(MESON) compile -C $(BUILD)

# What the tests need may have been installed after the first build: only here is it looked for.
with-tests:
	@$(call setup,$(BUILD),--prefix=$(PREFIX))
	@test -f $(BUILD)/.with-tests || $(MESON) configure $(BUILD) -Dtests=true
	@touch $(BUILD)/.with-tests
	@$(MESON) compile -C $(BUILD)

check: with-tests windows
	@tests/run $(BUILD) unit golden cli fuzz lint escape diff compat stress faults library ask network \
		+ build-windows windows

check-slow: with-tests
	@tests/run $(BUILD) slow

check-kernels: with-tests
	@tests/kernels/run $(BUILD) $(KERNEL)

lint: with-tests
	@tests/run $(BUILD) lint

demo: all
	@examples/demo/run $(BUILD)/src/cli/carrel

# A build that is there already may have been set up for another PREFIX.
install:
	@$(call setup,$(BUILD),--prefix=$(PREFIX) -Dtests=false)
	@$(if $(filter-out file,$(origin PREFIX)),$(MESON) configure $(BUILD) -Dprefix=$(PREFIX),:)
	@$(MESON) compile -C $(BUILD)
	@DESTDIR=$(DESTDIR) $(MESON) install -C $(BUILD) --no-rebuild

windows: prefix-windows/.done
	@$(call setup,build-windows,--cross-file tools/cross-mingw.ini -Dpkg_config_path=$(CURDIR)/prefix-windows/lib/pkgconfig)
	@$(MESON) compile -C build-windows

windows-kit: windows
	@tools/windows-kit build-windows build-windows/carrel-windows-kit.zip

prefix-windows/.done: tools/source-deps
	@tools/source-deps windows prefix-windows

asan:
	@$(call setup,build-asan,$(sanitize))
	@$(MESON) compile -C build-asan
	@tests/run build-asan $(ASAN_SUITES)

check-clang:
	@$(call setup,build-clang,--native-file tools/native-clang.ini)
	@$(MESON) compile -C build-clang
	@tests/run build-clang $(CLANG_SUITES)

fuzz:
	@$(call setup,build-fuzz,--native-file tools/native-clang.ini -Dfuzz=true $(sanitize))
	@$(MESON) compile -C build-fuzz
	@FUZZ_TIME=$(FUZZ_TIME) tests/run build-fuzz fuzz

bench:
	@$(call setup,build-bench,--buildtype=release --prefix=$(PREFIX))
	@$(MESON) compile -C build-bench
	@tests/bench/bench --build build-bench --json build-bench/figures.json
	@if test -f build-windows/build.ninja; then $(MESON) compile -C build-windows && tests/bench/bench_windows --build build-windows; fi

golden: with-tests
	@CARREL_UPDATE_GOLDEN=1 tests/run $(BUILD) golden
	@git --no-pager diff --stat -- tests/golden

format:
	@git ls-files -co --exclude-standard -- '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf $(BUILD) build-windows build-asan build-clang build-fuzz build-bench
