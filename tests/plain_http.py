"""Plain HTTP to servers on this machine, each request over a connection of its own.

httpx reads the certificates of the whole world for every such request, a tenth of a second's work;
to an address without TLS they mean nothing.
"""

from functools import partial

import httpx2

get = partial(httpx2.get, verify=False)
post = partial(httpx2.post, verify=False)
request = partial(httpx2.request, verify=False)
