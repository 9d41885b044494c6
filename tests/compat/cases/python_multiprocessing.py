# Pools, managers, queues and shared memory, with every way of starting a process.
import concurrent.futures
import multiprocessing
from multiprocessing import shared_memory


def square(number):
    return number * number


def fill(name):
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[:5] = b"hello"
    memory.close()


def put(queue, event):
    queue.put("from the child")
    event.set()


def main():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            print(method, pool.map(square, range(6)))
        with context.Manager() as manager:
            shared = manager.dict()
            shared["a"] = 1
            print(dict(shared))
        queue, event = context.Queue(), context.Event()
        child = context.Process(target=put, args=(queue, event))
        child.start()
        print(queue.get(timeout=30), event.wait(30))
        child.join()
    memory = shared_memory.SharedMemory(create=True, size=4096)
    child = multiprocessing.Process(target=fill, args=(memory.name,))
    child.start()
    child.join()
    print(bytes(memory.buf[:5]))
    memory.close()
    memory.unlink()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(4))))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(list(pool.map(square, range(4))))


if __name__ == "__main__":
    main()
