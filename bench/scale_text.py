"""The words of docs/scale.md."""

from __future__ import annotations

# What each point is, in the order of scale_model.Points.
ABOUT = (
    "CPU of nginx for a request (µs)",
    "CPU of the api for a request (µs)",
    "CPU of PostgreSQL for a request (µs)",
    "CPU of PostgreSQL for a write (µs)",
    "the page with all its files, compressed (kB)",
    "connections to web that a viewer holds",
    "connections of a pod of web",
    "`api.poolSize`",
)


def page(*, points: str, limits: str, steps: str, **told: str) -> str:
    """Return the page; `points`, `limits` and `steps` are rows of tables, the rest figures in sentences."""
    return _PAGE.format(points=points, limits=limits, steps=steps, **told)


_PAGE = """# How far it goes, and what comes next

A model for those who plan: what one pod, one PostgreSQL and one node's port carry, and where one machine
ends. Computed by `make bench-scale_model` from measured points. A model is no measurement: it tells which
limit is next, and roughly when. Measure the step that you are about to take.

## The load

A viewer has the page open. It asks for the topology every p seconds, and at every third turn for the newest
tasks: 4/3 requests every p seconds. p is 2 s, and the api lets it grow to 30 s when its replicas have more
to do than they can (`next_ms`): everybody then sees a slower picture. Where more ask at one moment than wait
in the queues of its replicas, 1,024 in each, it refuses the rest (503), who ask again. One viewer in ten adds
a task a minute and ticks it: 1/300 write a second for each viewer.

## The points

| point | value | from |
| --- | ---: | --- |
{points}

Where there is no bench-hall.md, a request of a viewer is counted as in bench-api.md: of four, three as a
read that goes through FastAPI, for the topology, and one as a list of 20 tasks. In bench-hall.md the
requests go through a cluster: its figures hold kube-proxy and the pods' network, too, and win. Both pages
say how busy the machine was meanwhile: on an idle one a request costs less. A core is planned with at
{busy}: a request then waits, on average, {wait} times as long as it is worked on (ρ/(1-ρ), one server,
requests that come at random).

## What each part carries

Requests/s are those of viewers; viewers = requests/s x p / (4/3).

| part | arithmetic | viewers at 2 s | viewers at 30 s | moved by |
| --- | --- | ---: | ---: | --- |
{limits}

- A pod of api is one process, which uses one core. A pod of web has one worker, which uses one core.
- The topology comes over a new connection from web to api each time, so that the picture shows which pod
  kube-proxy chose. The kernel of web's node remembers each for 120 s
  (`nf_conntrack_tcp_timeout_time_wait`); 131,072 is kube-proxy's usual least `nf_conntrack_max`. Every node
  with a pod of web has a table of its own.
- PostgreSQL has 100 connections in this chart, ten of them for administrators, backups, tests and Patroni.
  An update runs one pod of api more. The chart refuses more pods than that.

## The steps

With everybody served every 2 s. The last column: p with no more than {pods} pods of api. Above 30 s they
are not enough: the api refuses what it cannot do (503).

| viewers | requests/s | writes/s | web (cores) | web (pods) | api (cores) | api (pods) | PostgreSQL (cores) \
| else p (s) |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{steps}

1. **Up to about {small} viewers: one machine of two cores, the chart as it is.** Of a request's CPU {share}
   is the api's. Beyond, the picture gets slower for all alike. A machine with more cores moves this first:
   set `api.replicas` to the cores that web and PostgreSQL leave, or `api.autoscaling.enabled`.
2. **Thousands: more machines for web and api** (`topology: multi`, `api.replicas`, `web.replicas`, both
   `autoscaling`). Pods spread over the nodes by themselves. Users should come by more than one node: a load
   balancer or a DNS name with every node's address, since each node's table of connections is a limit.
   `db.mode: ha` on three machines is for the day one is lost, not for speed: one member takes all requests,
   and a write waits for a second member's disk.
3. **About {most} viewers: the {pods} pods of api that PostgreSQL's connections allow.** `api.poolSize: 2`
   allows {half} pods: 90 / 3, less one. A statement takes PostgreSQL less than a millisecond, so two are
   often enough. Then `db.mode: external`: a PostgreSQL on a machine of its own, or a service, whose
   `max_connections` you set. The chart counts connections only for its own.
4. **A hundred thousand: the page from a CDN.** The names of scripts and styles change with their content,
   so that a CDN may keep them for ever; only `/` and `/api/` must reach web. An Ingress or a Gateway with
   several replicas stands before web then (`ingress`, `httpRoute`), and not a NodePort. Over TLS a browser
   speaks HTTP/2 to it: one connection for each viewer, which the Ingress holds, and not up to six of web's.
5. **Reads from the replicas.** The Service `db-ro` of `db.mode: ha` leads to them. Nothing of the api uses
   it today: it would be a second pool, for readers who can bear the lag. The list of a viewer who only
   watches can; the answer to one's own write, a page that goes on (`next`) and `If-Match` cannot.
   PostgreSQL on {cores} cores is enough for about {server} viewers at 2 s: take more cores first, which
   changes nothing else.
6. **A million.** At p = 30 s these are 1,000,000 x 4/3 / 30 = {million_rate} requests/s and
   {million_writes} writes/s: {million_api} pods of api ({million_rate} x {api_us} µs / 0.6), which hold
   {million_pool} connections with `api.poolSize: 2`; {million_web} pods of web for their connections; and
   {million_db} cores of PostgreSQL, which is one large machine. For p = 2 s it is 15 times as much. No
   machine for PostgreSQL is that large, so answers must be shared: a topology for which each replica asks
   once a second, and not for each viewer, takes PostgreSQL out of three requests in four. All open the page
   in one minute: {million_page} GB, or {million_link} Gbit/s, which is a CDN's work.

## What the model leaves out

- **The disk.** A write is acknowledged when it is on the disk; writes that come at one moment share a sync.
  A disk that syncs in 2 ms does 500 of them a second, and each carries the writes of all connections that
  wait. In bench-api.md PostgreSQL does not wait for the disk.
- **Rows.** The list reads the newest rows by the primary key, which takes as long with a million tasks as
  with ten thousand. The table, its backups and a restore do grow.
- **One row that many change** is one lock, and no machine helps.
- **The load at the start.** A hall that opens the page at one moment asks for all its files at once, over
  up to six connections each. The connections of a pod of web count then, not p.
- **More than measured.** Nobody here has run more than two cores. Costs per request grow somewhat with more
  pods and more nodes: plan a step with half of what the model says, and measure.
"""
