from threading import Thread
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import as_completed
import http.server
import threading
import urllib.request

squares = {}


def work(number):
    squares[number] = number * number


# Threads with start and join.
threads = [Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(squares.items()), [thread.is_alive() for thread in threads])

# A pool of threads.
with ThreadPoolExecutor(max_workers=3) as executor:
    futures = [executor.submit(lambda n: n + 1, number) for number in range(10)]
    print(sorted(future.result() for future in as_completed(futures)))


# CPython's example of loading pages.
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * len(self.path))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
URLS = [f"http://127.0.0.1:{server.server_port}/{path}" for path in ("one", "three", "missing")]


def load_url(url, timeout):
    with urllib.request.urlopen(url, timeout=timeout) as conn:
        return conn.read()


said = []
with ThreadPoolExecutor(max_workers=5) as executor:
    future_to_url = {executor.submit(load_url, url, 60): url for url in URLS}
    for future in as_completed(future_to_url):
        url = future_to_url[future].rpartition("/")[2]
        try:
            data = future.result()
        except Exception as exc:
            said.append("%r generated an exception: %s" % (url, exc))
        else:
            said.append("%r page is %d bytes" % (url, len(data)))
print(*sorted(said), sep="\n")
