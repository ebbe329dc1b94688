"""The containers of a pod: the tier's own, and one beside it."""

from __future__ import annotations

from mcapp.doctor.read.snapshot import Object, spec, status


def container(pod: Object) -> Object:
    """Return the tier's own container as the pod's spec has it, {} where it has none.

    While that one is ready, it is one beside it that is not.
    """
    listed: list[Object] = spec(pod).get("containers") or []
    waiting = (one for one in listed if not _status_of(pod, one).get("ready", True))
    return next(waiting, own_container(pod))


def own_container(pod: Object) -> Object:
    """Return the tier's own container, which is the first one, {} where the pod has none."""
    return next(iter(spec(pod).get("containers") or ()), {})


def image(pod: Object) -> str:
    """Return the image of that container."""
    found: str = container(pod).get("image", "?")
    return found


def container_status(pod: Object) -> Object:
    """Return the state of the container that `container` returns, {} before there is any."""
    return _status_of(pod, container(pod))


def _status_of(pod: Object, one: Object) -> Object:
    # The kubelet lists the states by name, not as the spec does.
    listed = status(pod).get("containerStatuses") or ()
    return next((state for state in listed if state.get("name") == one.get("name")), {})
