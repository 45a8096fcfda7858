from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import as_completed
import math
import os

PRIMES = [112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099, 1099726899285419]


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return type(self) is type(other) and self.x == other.x


def is_prime(n):
    if n < 2:
        return False
    if n == 2:
        return True
    if n % 2 == 0:
        return False
    sqrt_n = int(math.floor(math.sqrt(n / 1000)))
    for i in range(3, sqrt_n + 1, 2):
        if n % i == 0:
            return False
    return True


def work(number):
    return number * number, os.getpid()


def double(point):
    return Point(point.x * 2)


def fail(number):
    return 1 / number


def main():
    # A pool of processes, with submit in a list comprehension.
    with ProcessPoolExecutor(max_workers=2) as executor:
        futures = [executor.submit(work, number) for number in range(10)]
        results = [future.result() for future in as_completed(futures)]
        print(sorted(square for square, _ in results), os.getpid() not in {pid for _, pid in results})
        print(executor.submit(double, Point(21)).result() == Point(42))
        for number, prime in zip(PRIMES, executor.map(is_prime, PRIMES)):
            print("%d is prime: %s" % (number, prime))
        print(list(executor.map(pow, range(10), range(10), chunksize=3)))
        try:
            executor.submit(fail, 0).result()
        except ZeroDivisionError as error:
            print(repr(error), "in fail" in str(error.__cause__))
    try:
        executor.submit(work, 1)
    except RuntimeError as error:
        print(error)


if __name__ == "__main__":
    main()
