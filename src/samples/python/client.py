"""Named tasks from Python, and the same with asyncio: what src/docs/python.md shows."""

import asyncio
import sys

import workerhost
import workerhost.aio


def main(address):
    with workerhost.connect(address) as client:
        print(client.submit("add", 20, 22).result())
        print(list(client.map("increment", range(5), buffersize=100)))

        for item in client.stream("count", 3):
            print("item", item)

        urgent = client.options(timeout=5, idempotent=True, priority=2, affinity_key="customer-7")
        try:
            urgent.submit("throw", "no luck").result()
        except workerhost.TaskFailed as failed:
            print(failed.type, failed.message)


async def main_async(address):
    async with await workerhost.aio.connect(address) as client:
        print(await client.submit("add", 20, 22))
        async for item in client.stream("count", 3):
            print("item", item)


if __name__ == "__main__":
    main(sys.argv[1])
    asyncio.run(main_async(sys.argv[1]))
