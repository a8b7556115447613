"""Which trigger is due next: one heap for all, from which what has changed is deleted when it comes to the top."""

from heapq import heapify, heappop, heappush

from kubeless.kube.cache import ObjectKey


class DueHeap:
    """Moments by trigger, one each."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, ObjectKey]] = []
        self._due: dict[ObjectKey, int] = {}

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: ObjectKey, moment: int | None) -> None:
        """Set when a trigger is due, in place of what was set before; None: never."""
        if self._due.get(key) == moment:
            return
        if moment is None:
            self._due.pop(key, None)
            return
        self._due[key] = moment
        if len(self._heap) > 2 * len(self._due) + 16:
            # Many changes of times that are far away: their old entries would stay until then.
            self._heap = [(due, each) for each, due in self._due.items()]
            heapify(self._heap)
        else:
            heappush(self._heap, (moment, key))

    def get(self, key: ObjectKey) -> int | None:
        """When a trigger is due."""
        return self._due.get(key)

    def first(self) -> int | None:
        """The earliest moment."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self, now: float) -> ObjectKey | None:
        """Take out a trigger that is due at `now`."""
        moment = self.first()
        if moment is None or moment > now:
            return None
        _, key = heappop(self._heap)
        del self._due[key]
        return key
