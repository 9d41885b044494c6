/*
 * test_winjournal.c - the undo journal cut anywhere, and damaged anywhere, still says all that it
 * can; and from every point of every history the starting descriptors come back.
 */
#include "unit.h"

#include <string.h>

#include "core/winjournal.h"

#define SID "S-1-5-21-1-2-3-4000"

struct bytes {
	uint8_t data[65536];
	size_t len;
	size_t ends[64]; /* of the header and of each record */
	size_t n_ends;
};

static const uint8_t empty_sd[28] = {1, 0, 4, 0x80, [16] = 20, [20] = 2, [22] = 8};

static struct cr_sd with(struct cr_arena *arena, struct cr_sd sd, const char *sddl)
{
	struct cr_ace ace;

	assert_int_equal(cr_ace_parse(sddl, &ace, NULL), 0);
	assert_int_equal(cr_sd_add(arena, sd, &ace, &sd, NULL), 0);
	return sd;
}

static void append(struct cr_arena *arena, struct bytes *out, const struct cr_wj_record *record)
{
	struct cr_sd made;

	if (out->len == 0) {
		memcpy(out->data, CR_WJ_HEADER, CR_WJ_HEADER_LEN);
		out->len = CR_WJ_HEADER_LEN;
		out->ends[out->n_ends++] = out->len;
	}
	assert_int_equal(cr_wj_encode(arena, record, &made, NULL), 0);
	assert_true(out->len + made.len <= sizeof(out->data));
	memcpy(out->data + out->len, made.bytes, made.len);
	out->len += made.len;
	out->ends[out->n_ends++] = out->len;
}

static void the_checksum_is_the_usual_one(void **state)
{
	(void)state;
	assert_int_equal(cr_wj_crc(0, "123456789", 9), 0xcbf43926u);
	assert_int_equal(cr_wj_crc(cr_wj_crc(0, "1234", 4), "56789", 5), 0xcbf43926u);
}

static void what_was_written_is_read(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	const struct cr_sd before = {empty_sd, sizeof(empty_sd)};
	const struct cr_wj_record record = {
		.kind = CR_WJ_OBJECT,
		.flags = CR_WJ_DIRECTORY,
		.ordinal = 7,
		.id = {0x0123456789abcdefu, 0xfedcba9876543210u},
		.path = "C:\\Users\\me\\project",
		.sid = SID,
		.before = before,
		.after = with(arena, before, "(A;OICI;0x1301bf;;;" SID ")"),
	};
	static struct bytes journal;
	struct cr_wj read;

	(void)state;
	journal = (struct bytes){0};
	append(arena, &journal, &record);
	assert_int_equal(cr_wj_read(arena, journal.data, journal.len, &read, NULL), 0);
	assert_int_equal(read.n_live, 1);
	assert_int_equal(read.last, 7);
	assert_int_equal(read.end, journal.len);
	assert_int_equal(read.torn + read.bad_bytes, 0);
	assert_int_equal(read.live[0].kind, CR_WJ_OBJECT);
	assert_int_equal(read.live[0].flags, CR_WJ_DIRECTORY);
	assert_true(read.live[0].id.volume == record.id.volume);
	assert_true(read.live[0].id.file == record.id.file);
	assert_string_equal(read.live[0].path, record.path);
	assert_string_equal(read.live[0].sid, SID);
	assert_true(cr_sd_equal(read.live[0].before, before));
	assert_true(cr_sd_equal(read.live[0].after, record.after));
	cr_arena_free(arena);
}

/* A root, its object, its spread; then the object and the root taken back. */
static void write_history(struct cr_arena *arena, struct bytes *out)
{
	const struct cr_sd before = {empty_sd, sizeof(empty_sd)};
	const struct cr_sd after = with(arena, before, "(A;OICI;0x1301bf;;;" SID ")");
	const struct cr_wj_record records[] = {
		{.kind = CR_WJ_ROOT, .ordinal = 1, .path = "C:\\w", .sid = SID},
		{.kind = CR_WJ_OBJECT,
		 .ordinal = 2,
		 .path = "C:\\w",
		 .sid = SID,
		 .before = before,
		 .after = after},
		{.kind = CR_WJ_SPREAD, .ordinal = 3, .path = "C:\\w", .sid = SID},
		{.kind = CR_WJ_UNDONE, .ordinal = 2},
		{.kind = CR_WJ_UNDONE, .ordinal = 1},
	};

	*out = (struct bytes){0};
	for (size_t i = 0; i < COUNT(records); i++)
		append(arena, out, &records[i]);
}

static void every_prefix_says_what_it_can(void **state)
{
	static const size_t live[] = {0, 1, 2, 3, 2, 1};
	struct cr_arena *arena = cr_arena_new();
	static struct bytes journal;

	(void)state;
	write_history(arena, &journal);
	for (size_t len = 0; len <= journal.len; len++) {
		uint8_t *exact = test_malloc(len + 1);
		size_t whole = 0;
		struct cr_wj read;

		memcpy(exact, journal.data, len);
		while (whole < journal.n_ends && journal.ends[whole] <= len)
			whole++;
		assert_int_equal(cr_wj_read(arena, exact, len, &read, NULL), 0);
		assert_int_equal(read.n_live, whole ? live[whole - 1] : 0);
		assert_int_equal(read.end, whole ? journal.ends[whole - 1] : 0);
		assert_int_equal(read.torn, len - read.end);
		test_free(exact);
	}
	cr_arena_free(arena);
}

/* Zeros, as a power failure leaves them, in front, behind, or instead of a record. */
static void zeros_lock_nobody_out(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	static struct bytes journal;
	struct cr_wj read;

	(void)state;
	write_history(arena, &journal);
	memset(journal.data + journal.len, 0, 4096);
	assert_int_equal(cr_wj_read(arena, journal.data, journal.len + 4096, &read, NULL), 0);
	assert_int_equal(read.n_live, 1);
	assert_int_equal(read.end, journal.len);
	assert_int_equal(read.torn, 4096);
	memset(journal.data + journal.ends[1], 0, journal.ends[2] - journal.ends[1]);
	assert_int_equal(cr_wj_read(arena, journal.data, journal.ends[3], &read, NULL), 0);
	assert_int_equal(read.n_live, 2);
	assert_int_equal(read.bad_bytes, journal.ends[2] - journal.ends[1]);
	memset(journal.data, 0, journal.len);
	assert_int_equal(cr_wj_read(arena, journal.data, journal.len, &read, NULL), 0);
	assert_int_equal(read.n_live, 0);
	assert_int_equal(read.end, 0);
	cr_arena_free(arena);
}

static void a_turned_byte_costs_one_record(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	static struct bytes journal;
	size_t all;

	(void)state;
	write_history(arena, &journal);
	all = journal.ends[3];
	for (size_t at = CR_WJ_HEADER_LEN; at < all; at++) {
		struct cr_wj read;

		journal.data[at] ^= 0x40;
		assert_int_equal(cr_wj_read(arena, journal.data, all, &read, NULL), 0);
		assert_int_equal(read.n_live, 2);
		journal.data[at] ^= 0x40;
	}
	cr_arena_free(arena);
}

static void another_file_is_refused(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_wj read;
	struct cr_err err;

	(void)state;
	assert_int_equal(cr_wj_read(arena, (const uint8_t *)"CRJ2....", 8, &read, &err), -1);
	assert_int_equal(err.code, CR_E_STATE);
	assert_int_equal(cr_wj_read(arena, (const uint8_t *)"text", 4, &read, &err), -1);
	cr_arena_free(arena);
}

static void the_newest_of_a_sid_is_found(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	static struct bytes journal;
	struct cr_wj read;

	(void)state;
	write_history(arena, &journal);
	assert_int_equal(cr_wj_read(arena, journal.data, journal.ends[3], &read, NULL), 0);
	assert_int_equal(cr_wj_find_sid(&read, CR_WJ_SPREAD, SID)->ordinal, 3);
	assert_int_equal(cr_wj_find_sid(&read, CR_WJ_ROOT, SID)->ordinal, 1);
	assert_null(cr_wj_find_sid(&read, CR_WJ_ROOT, SID "1"));
	cr_wj_take_back(&read, 3);
	assert_null(cr_wj_find_sid(&read, CR_WJ_SPREAD, SID));
	cr_arena_free(arena);
}

/*
 * A machine of a few objects, and a history of changes to them, each written to the journal first.
 * Killed before or after any of the steps, and the undo itself killed and begun anew, every object
 * has its starting descriptor again.
 */
#define N_OBJECTS 4
#define N_CHANGES 8

struct machine {
	struct cr_arena *arena;
	struct cr_sd start[N_OBJECTS], now[N_OBJECTS];
	struct bytes journal;
};

static const char *const paths[N_OBJECTS] = {"C:\\w", "C:\\w\\.git", "C:\\w\\a", "C:\\v"};

static void machine_start(struct machine *machine)
{
	static const char *const entries[N_OBJECTS][2] = {
		{"(A;OICI;0x1f01ff;;;S-1-5-32-545)", "(A;ID;0x1200a9;;;S-1-1-0)"},
		{"(D;;0x2;;;S-1-1-0)", "(ML;;NW;;;S-1-16-12288)"},
		{"(A;;0x1;;;S-1-1-0)", "(ML;;NW;;;S-1-16-4096)"},
		{"(A;;0x1;;;S-1-1-0)", "(A;;0x2;;;S-1-1-0)"},
	};

	for (size_t i = 0; i < N_OBJECTS; i++) {
		struct cr_sd sd = {empty_sd, sizeof(empty_sd)};

		sd = with(machine->arena, sd, entries[i][0]);
		machine->start[i] = with(machine->arena, sd, entries[i][1]);
		machine->now[i] = machine->start[i];
	}
	machine->journal = (struct bytes){0};
}

/* The record is on the disk; the change itself only if `through`. */
static void machine_change(struct machine *machine, uint32_t number, bool through)
{
	static const char *const changes[N_CHANGES] = {
		"(A;OICI;0x1301bf;;;" SID ")",  "(ML;OICI;NW;;;S-1-16-6144)",
		"(D;OICI;0xd0156;;;" SID ")",   "(ML;OICI;NW;;;S-1-16-8192)",
		"(A;ID;0x1301bf;;;" SID ")",    "(ML;ID;NW;;;S-1-16-6144)",
		"(A;OICI;0x1301bf;;;" SID "1)", "(D;;0x40;;;S-1-5-21-9-9-9-1000)",
	};
	const size_t object = number / 2 % N_OBJECTS;
	struct cr_wj_record record = {.kind = CR_WJ_OBJECT,
				      .ordinal = number + 1,
				      .path = paths[object],
				      .sid = SID,
				      .before = machine->now[object]};

	record.after = with(machine->arena, machine->now[object], changes[number]);
	append(machine->arena, &machine->journal, &record);
	if (through)
		machine->now[object] = record.after;
}

/* Undoes at most `steps` records, as a killed undo does; the last one perhaps without its mark. */
static void machine_undo(struct machine *machine, size_t steps, bool marked)
{
	struct cr_wj read;

	assert_int_equal(cr_wj_read(machine->arena, machine->journal.data, machine->journal.len,
				    &read, NULL),
			 0);
	for (size_t i = read.n_live; i-- > 0 && steps-- > 0;) {
		const struct cr_wj_record *record = &read.live[i];
		const struct cr_wj_record mark = {.kind = CR_WJ_UNDONE, .ordinal = record->ordinal};
		size_t object = 0;

		while (strcmp(paths[object], record->path) != 0)
			object++;
		assert_int_equal(cr_sd_undo(machine->arena, record->before, record->after,
					    machine->now[object], &machine->now[object], NULL),
				 0);
		if (steps > 0 || marked)
			append(machine->arena, &machine->journal, &mark);
	}
}

static void any_crash_can_be_undone(void **state)
{
	static struct machine machine;

	(void)state;
	for (uint32_t done = 0; done <= N_CHANGES; done++) {
		for (size_t undone = 0; undone <= done; undone++) {
			for (unsigned how = 0; how < 4; how++) {
				machine.arena = cr_arena_new();
				machine_start(&machine);
				for (uint32_t i = 0; i < done; i++)
					machine_change(&machine, i, i + 1 < done || (how & 1));
				machine_undo(&machine, undone, how & 2);
				machine_undo(&machine, SIZE_MAX, true);
				for (size_t i = 0; i < N_OBJECTS; i++)
					assert_true(cr_sd_equal(machine.now[i], machine.start[i]));
				cr_arena_free(machine.arena);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_the_usual_one),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(every_prefix_says_what_it_can),
		cmocka_unit_test(zeros_lock_nobody_out),
		cmocka_unit_test(a_turned_byte_costs_one_record),
		cmocka_unit_test(another_file_is_refused),
		cmocka_unit_test(the_newest_of_a_sid_is_found),
		cmocka_unit_test(any_crash_can_be_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
