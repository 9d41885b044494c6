# Timers, events, epoll, inotify, locks, message queues, shared memory: what servers are made of.
import ctypes
import fcntl
import mmap
import os
import select
import signal
import struct
import threading

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def epoll_with(fd):
    with select.epoll() as poll:
        poll.register(fd, select.EPOLLIN)
        return [event for _, event in poll.poll(10)] == [select.EPOLLIN]


timer = check(libc.timerfd_create(1, 0))
check(libc.timerfd_settime(timer, 0, struct.pack("qqqq", 0, 0, 0, 10_000_000), None))
print("timerfd", epoll_with(timer), struct.unpack("Q", os.read(timer, 8)))

event = check(libc.eventfd(0, 0))
os.write(event, struct.pack("Q", 7))
print("eventfd", epoll_with(event), struct.unpack("Q", os.read(event, 8)))

watch = check(libc.inotify_init1(0))
os.mkdir("watched")
check(libc.inotify_add_watch(watch, b"watched", 0x100))
open("watched/new", "w", encoding="utf-8").close()
print("inotify", epoll_with(watch), b"new" in os.read(watch, 4096))

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
signals = check(libc.signalfd(-1, struct.pack("Q", 1 << (signal.SIGUSR1 - 1)).ljust(128, b"\0"), 0))
os.kill(os.getpid(), signal.SIGUSR1)
print("signalfd", epoll_with(signals), struct.unpack("I", os.read(signals, 128)[:4]))

pidfd = os.pidfd_open(os.getpid())
signal.pidfd_send_signal(pidfd, 0)
print("pidfd", True)

with open("lock", "w", encoding="utf-8") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    child = os.fork()
    if child == 0:
        with open("lock", "w", encoding="utf-8") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os._exit(4)
        os._exit(0)
    print("flock", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    fcntl.lockf(lock, fcntl.LOCK_EX)

memory = mmap.mmap(-1, 4096)
if os.fork() == 0:
    memory[:2] = b"ok"
    os._exit(0)
os.wait()
print("mmap", memory[:2])

key = os.getpid()
segment = check(libc.shmget(key, 4096, 0o1600))
libc.shmat.restype = ctypes.c_void_p
address = libc.shmat(segment, None, 0)
ctypes.memmove(address, b"sysv\0", 5)
print("shm", ctypes.string_at(address))
libc.shmdt(ctypes.c_void_p(address))
check(libc.shmctl(segment, 0, None))
queue = check(libc.msgget(key, 0o1600))
check(libc.msgsnd(queue, struct.pack("q", 1) + b"hello", 5, 0))
text = ctypes.create_string_buffer(32)
print("msg", check(libc.msgrcv(queue, text, 5, 0, 0)), text.raw[8:13])
check(libc.msgctl(queue, 0, None))
semaphores = check(libc.semget(key, 1, 0o1600))
check(libc.semctl(semaphores, 0, 0, 0))

rt = ctypes.CDLL("librt.so.1", use_errno=True)
name = b"/compat-%d" % os.getpid()
mq = check(rt.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, struct.pack("8q", 0, 4, 64, 0, 0, 0, 0, 0)))
check(rt.mq_send(mq, b"posix", 5, 1))
got = ctypes.create_string_buffer(64)
print("mq", rt.mq_receive(mq, got, 64, None), got.value)
check(rt.mq_unlink(name))
memfd = os.memfd_create("x")
os.write(memfd, b"memfd")
print("memfd", os.pread(memfd, 5, 0))
print("threads", threading.Thread(target=os.getpid).start())
print("affinity", len(os.sched_getaffinity(0)) > 0, os.getpriority(os.PRIO_PROCESS, 0))
