/* temporary: until the readers of the core are there */
#include <stdlib.h>
#include <string.h>
#include "core/first.h"
#include "core/httpreq.h"
#include "core/names.h"
#include "core/special.h"
#define W __attribute__((weak))
struct cr_names {
	size_t n;
	char *v[1000];
};
W struct cr_names *cr_names_new(void)
{
	return calloc(1, sizeof(struct cr_names));
}
W int cr_names_add(struct cr_names *names, const char *name, uint32_t *index)
{
	for (*index = 0; *index < names->n; ++*index)
		if (!strcmp(names->v[*index], name))
			return 0;
	if (names->n == 1000)
		return -1;
	names->v[names->n++] = strdup(name);
	return 0;
}
W void cr_names_addr4(uint32_t i, uint8_t o[4])
{
	o[0] = 198;
	o[1] = 18;
	o[2] = (uint8_t)(1 + i / 254);
	o[3] = (uint8_t)(1 + i % 254);
}
W void cr_names_addr6(uint32_t i, uint8_t o[16])
{
	static const uint8_t p[8] = {0xfd, 0x63, 0x61, 0x72, 0x72, 0x65, 0, 0x6c};
	memset(o, 0, 16);
	memcpy(o, p, 8);
	o[13] = 1;
	o[14] = (uint8_t)(i >> 8);
	o[15] = (uint8_t)i;
}
W bool cr_names_is_synthetic(int f, const uint8_t *a)
{
	return f == 4 ? a[0] == 198 && (a[1] & 0xfe) == 18 : a[0] == 0xfd && a[1] == 0x63;
}
W const char *cr_names_find(const struct cr_names *names, int f, const uint8_t *a)
{
	size_t i = f == 4 ? (size_t)((a[2] - 1) * 254 + a[3] - 1) : (size_t)(a[14] << 8 | a[15]);
	return i < names->n ? names->v[i] : NULL;
}
W const char *cr_special_address(int f, const uint8_t *a)
{
	(void)f;
	(void)a;
	return NULL;
}
W enum cr_first cr_first_bytes(const uint8_t *d, size_t n)
{
	return n < 4         ? CR_FIRST_MORE
	       : d[0] == 22  ? CR_FIRST_TLS
	       : d[0] == 'G' ? CR_FIRST_HTTP
	       : d[0] == 'S' ? CR_FIRST_SSH
			     : CR_FIRST_OTHER;
}
W void cr_http_init(struct cr_http *h, const char *n, uint16_t p)
{
	(void)h;
	(void)n;
	(void)p;
}
W enum cr_look cr_http_feed(struct cr_http *h, const uint8_t *d, size_t l, size_t *u)
{
	(void)h;
	(void)d;
	*u = l;
	return CR_LOOK_MORE;
}
