/*
 * plan_windows_net.c - firewall rules and filters of the Windows Filtering Platform, as data.
 *
 * They are conditions on the SID of the sandbox account, made by the set-up program; a run only
 * looks whether they are there. Must never be planned for the user's own account: rules on that
 * would take the network from the user.
 */
#include "plan_windows_impl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Who a rule is for, as INetFwRule3.LocalUserAuthorizedList and FWPM_CONDITION_ALE_USER_ID say. */
#define USER "|user=O:LSD:(A;;CC;;;"

struct rule {
	enum cr_step_kind kind;
	bool both; /* also for the account that may go online */
	const char *text;
};

/*
 * The firewall first, which people know how to look at; then filters for what it does not see:
 * loopback, ICMP, and what other rules allow. The layers are those at which a socket connects,
 * listens, is connected to, and gets its address (FWPM_LAYER_ALE_*).
 */
static const struct rule rules[] = {
	{CR_STEP_WIN_FIREWALL, false,
	 "name=carrel offline out|direction=out|action=block|protocol=any|profiles=all" USER},
	{CR_STEP_WIN_FIREWALL, true,
	 "name=carrel in|direction=in|action=block|protocol=any|profiles=all" USER},
	{CR_STEP_WIN_WFP, false, "layer=ALE_AUTH_CONNECT_V4|action=block" USER},
	{CR_STEP_WIN_WFP, false, "layer=ALE_AUTH_CONNECT_V6|action=block" USER},
	{CR_STEP_WIN_WFP, true, "layer=ALE_AUTH_LISTEN_V4|action=block" USER},
	{CR_STEP_WIN_WFP, true, "layer=ALE_AUTH_LISTEN_V6|action=block" USER},
	{CR_STEP_WIN_WFP, true, "layer=ALE_AUTH_RECV_ACCEPT_V4|action=block" USER},
	{CR_STEP_WIN_WFP, true, "layer=ALE_AUTH_RECV_ACCEPT_V6|action=block" USER},
	{CR_STEP_WIN_WFP, false,
	 "layer=ALE_RESOURCE_ASSIGNMENT_V4|protocol=icmp|action=block" USER},
	{CR_STEP_WIN_WFP, false,
	 "layer=ALE_RESOURCE_ASSIGNMENT_V6|protocol=icmpv6|action=block" USER},
};

void cr_win_add_network(struct cr_win_planner *planner)
{
	struct cr_arena *arena = planner->builder.arena;

	for (size_t i = 0; planner->account && i < COUNT(rules); i++) {
		if (planner->online && !rules[i].both)
			continue;
		cr_win_bare(planner, rules[i].kind,
			    cr_win_keep(planner, cr_arena_printf(arena, "%s%s)", rules[i].text,
								 planner->account)),
			    0);
	}
}
