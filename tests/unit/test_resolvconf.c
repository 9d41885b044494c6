/*
 * test_resolvconf.c - files of name servers and of hosts as people and programs write them.
 */
#include "unit.h"

#include "core/host.h"
#include "core/resolvconf.h"

static const struct {
	const char *text;
	const char *servers; /* addresses, with their zones, a blank behind each */
	uint32_t timeout_s, attempts;
} files[] = {
	{"", "127.0.0.1 ", 5, 3},
	{"nameserver 192.0.2.1", "192.0.2.1 ", 5, 3},
	{"nameserver 192.0.2.1\r\nnameserver\t2001:db8::1 # ours\n", "192.0.2.1 2001:db8::1 ", 5,
	 3},
	{" nameserver 192.0.2.1 192.0.2.2\n", "192.0.2.1 ", 5, 3},
	{"#nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", "127.0.0.1 ", 5, 3},
	{"nameserver\nnameserver name\nnameserver 300.1.1.1\nnameserver 127.0.0.53\n",
	 "127.0.0.53 ", 5, 3},
	{"nameserver fe80::1%eth0\nnameserver fe80::2%3\n", "fe80::1%eth0 fe80::2%3 ", 5, 3},
	{"nameserver fe80::1%an-endless-interface\nnameserver fe80::1%\n", "fe80::1 ", 5, 3},
	{"nameservers 192.0.2.1\nNAMESERVER 192.0.2.2\n", "127.0.0.1 ", 5, 3},
	{"search example.com\noptions timeout:2 attempts:1 edns0\n", "127.0.0.1 ", 2, 1},
	{"options timeout:0 attempts:99999999999999999999\n", "127.0.0.1 ", 1, 5},
	{"options timeout:-1 attempts:x timeout: ndots:5\n", "127.0.0.1 ", 5, 3},
	{"nameserver ::1\nnameserver ::2\nnameserver ::3\nnameserver ::4\nnameserver ::5\n"
	 "nameserver ::6\nnameserver ::7\nnameserver ::8\nnameserver ::9\n",
	 "::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ", 5, 3},
};

static void reads_resolv_conf(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct cr_resolvconf conf;
		char said[512] = "", address[48];

		cr_resolvconf_read(files[i].text, strlen(files[i].text), &conf);
		for (size_t k = 0; k < conf.n_servers; k++) {
			const struct cr_nameserver *server = &conf.servers[k];
			size_t used = strlen(said);

			ROW_ASSERT(server->addr.port == 53, "%s", files[i].text);
			cr_host_print_addr(server->addr.family, server->addr.bytes, address);
			snprintf(said + used, sizeof(said) - used, "%s%s%s ", address,
				 server->zone[0] ? "%" : "", server->zone);
		}
		ROW_ASSERT(strcmp(said, files[i].servers) == 0, "%s: %s", files[i].text, said);
		ROW_ASSERT(conf.timeout_s == files[i].timeout_s &&
				   conf.attempts == files[i].attempts,
			   "%s", files[i].text);
	}
}

static const char hosts[] = "127.0.0.1 localhost\n"
			    "# 192.0.2.9 commented.example\n"
			    "192.0.2.1\tone.example  ONE # two.example\n"
			    "2001:db8::1 one.example\n"
			    "fe80::1%eth0 zone.example\n"
			    "fe80::1 zone.example\n"
			    "nonsense one.example\n"
			    "192.0.2.2\n"
			    "192.0.2.3 last.example";

static const struct {
	const char *name, *found;
} entries[] = {
	{"localhost", "127.0.0.1 "},
	{"one.example", "192.0.2.1 2001:db8::1 "},
	{"one", "192.0.2.1 "},
	{"two.example", ""},
	{"commented.example", ""},
	{"zone.example", "fe80::1 "},
	{"last.example", "192.0.2.3 "},
	{"192.0.2.1", ""},
	{"example", ""},
	{"one.exampl", ""},
};

static void finds_hosts(void **state)
{
	struct cr_net_addr found[4];

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		char said[256] = "", address[48];
		size_t count = cr_hosts_find(hosts, strlen(hosts), entries[i].name, found, 4);

		for (size_t k = 0; k < count; k++) {
			size_t used = strlen(said);

			cr_host_print_addr(found[k].family, found[k].bytes, address);
			snprintf(said + used, sizeof(said) - used, "%s ", address);
		}
		ROW_ASSERT(strcmp(said, entries[i].found) == 0, "%s: %s", entries[i].name, said);
	}
	assert_int_equal(cr_hosts_find(hosts, strlen(hosts), "one.example", found, 1), 1);
	assert_int_equal(cr_hosts_find(NULL, 0, "one.example", found, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_resolv_conf),
		cmocka_unit_test(finds_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
