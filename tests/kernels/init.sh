#!/bin/busybox sh
# shellcheck shell=dash
# The first process of the virtual machine: leads to the files of the machine around it, with what
# is written kept in memory, and runs guest.py there.
b=/bin/busybox
$b mount -t proc none /proc
$b mount -t sysfs none /sys
$b mount -t devtmpfs none /dev
for module in /modules/*; do $b insmod "$module"; done
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose host /host || exec $b poweroff -f
$b mount -t tmpfs none /memory
$b mkdir /memory/upper /memory/work
$b mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work none /root
for place in proc sys dev; do $b mount --move /$place /root/$place; done
for word in $($b cat /root/proc/cmdline); do
	case $word in
	carrel.guest=*) guest=${word#*=} ;;
	carrel.build=*) build=${word#*=} ;;
	esac
done
exec $b switch_root /root /usr/bin/python3 "$guest/guest.py" "$build"
