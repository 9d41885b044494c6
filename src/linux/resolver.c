/*
 * resolver.c - the launcher tells the broker how the host looks up names.
 *
 * A laptop changes its network while a box runs, and the broker has no files. Before it looks up a
 * name it asks; then the two files are looked at, not read again unless they have changed. Nothing
 * is watched: a file that is a link, or has another mounted over it, changes in ways that
 * inotify(7) on its directory does not see.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/resolvconf.h"
#include "linux/box.h"
#include "linux/fd.h"
#include "linux/notify.h"

#define SETTLED_SECONDS 2 /* the coarsest time stamps there are, those of FAT */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) && same_time(&a->st_ctim, &b->st_ctim);
}

/* False: the broker knows it. Otherwise *fd is the file, or -1 when there is none to read. What has
 * just been written may be written again without a sign of it, and is told again the next time. */
static bool take_changed(const char *path, struct cr_told_file *told, int *fd)
{
	struct stat now = {0};

	if (stat(path, &now) < 0)
		now = (struct stat){0};
	if (told->is_settled && is_same(&told->as, &now))
		return false;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd >= 0 && (fstat(*fd, &now) < 0 || !S_ISREG(now.st_mode)))
		cr_close_fd(fd);
	told->as = now;
	told->is_settled = now.st_ctim.tv_sec + SETTLED_SECONDS < time(NULL);
	return true;
}

/* As much as there is of it, at most `size`. */
static size_t read_text(int fd, char *out, size_t size)
{
	size_t have = 0;
	ssize_t got = 1;

	while (fd >= 0 && got > 0 && have < size) {
		got = read(fd, out + have, size - have);
		have += got > 0 ? (size_t)got : 0;
	}
	return have;
}

/* The broker has no call that would tell the number of an interface. */
static uint32_t scope_of(const char *zone)
{
	unsigned index = zone[0] ? if_nametoindex(zone) : 0;

	return index ? index : (uint32_t)strtoul(zone, NULL, 10);
}

static int tell_servers(int talk, const struct cr_resolvconf *conf)
{
	struct cr_net_msg msg = {.kind = CR_NET_RESOLVER,
				 .addr.family = 4,
				 .seconds = conf->timeout_s,
				 .attempts = conf->attempts};
	int told = cr_broker_tell(talk, &msg, -1);

	msg = (struct cr_net_msg){.kind = CR_NET_NAMESERVER};
	for (size_t i = 0; told == 0 && i < conf->n_servers; i++) {
		msg.addr = conf->servers[i].addr;
		msg.scope = scope_of(conf->servers[i].zone);
		told = cr_broker_tell(talk, &msg, -1);
	}
	return told;
}

static int tell_resolv_conf(struct cr_told_file *told, int talk)
{
	char text[CR_MAX_RESOLV_CONF];
	struct cr_resolvconf conf;
	CR_AUTO_FD int fd = -1;

	if (!take_changed("/etc/resolv.conf", told, &fd))
		return 0;
	cr_resolvconf_read(text, read_text(fd, text, sizeof(text)), &conf);
	return tell_servers(talk, &conf);
}

static int tell_hosts(struct cr_told_file *told, int talk)
{
	struct cr_net_msg msg = {.kind = CR_NET_HOSTS, .addr.family = 4};
	CR_AUTO_FD int fd = -1;

	if (!take_changed("/etc/hosts", told, &fd))
		return 0;
	msg.allowed = fd >= 0;
	return cr_broker_tell(talk, &msg, fd);
}

/* What could not be told now is not told: the broker asks again. */
void cr_resolver_answer(struct cr_resolver *resolver, int talk)
{
	const struct cr_net_msg done = {.kind = CR_NET_LOOK_UP, .addr.family = 4};

	if (tell_resolv_conf(&resolver->resolv_conf, talk) < 0)
		resolver->resolv_conf.is_settled = false;
	else if (tell_hosts(&resolver->hosts, talk) < 0)
		resolver->hosts.is_settled = false;
	else
		cr_broker_tell(talk, &done, -1);
}
