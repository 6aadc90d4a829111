"""The providers, simulated: real sockets, a billing ledger, limits of each kind, and faults by script.

A simulator speaks one provider's protocol on loopback. Tests point the product at it by base address, let it
do its work, and then look at two things: the ledger, which says what would have been paid, and the requests.

    with FalSimulator(seed=7, speed=100) as sim:
        sim.script("N2.drop", when="order", about="a cat")   # billed, no answer
        ...                                        # sim.url, sim.environment()
        assert len(sim.ledger.by("a cat")) == 1
        assert [call.kind for call in sim.requests] == ["order"]

``speed`` divides latencies only: at 1000 a job of 60 s takes 60 ms. Limits, Retry-After and the life of
results are in the seconds of whoever calls.

To write a simulator: subclass ``core.Simulator``; name the routes (``route("order", "POST", pattern,
"method")``; an order is what costs money), check the key in ``authorised``, shape refusals in ``error``,
``invalid`` and ``throttled``, bill in the method that makes paid work (``self.bill(...)``), put files on
``self.shelf``, and add the provider's own faults to ``FAULTS`` with ``faults.fault``, ``faults.edited`` and,
for jobs, ``jobs.fated``. Enter it in ``named.PROVIDERS``, and its SDK in ``sdk/scenes.py``. Everything runs
in one thread, the server's: a method never waits, it returns ``Reply(..., delay=seconds)`` or
``Reply(then=make, delay=seconds)``.

What no script can do: ``with sim.unreachable()`` is N1, ``tls=certificates.tls("expired")`` is N14, and P12
is a question to ``sim.requests``. ``recorded.normalised`` compares requests with those of the SDKs.
"""
