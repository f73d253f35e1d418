"""Clusters merged into parts: connected, convex, as large as can be."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

from vai_inspect.core.partition.clusters import Clusters, Key


class TooMuchWorkError(Exception):
    """The count of clusters and edges is above its limit."""


class Parts:
    """The graph of the parts. At first each cluster is one; it never has a cycle.

    The DPU's are made first, as large as that allows, with each CPU cluster on its own; then the
    CPU's, as large as the DPU's leave them. Which of two merges comes first, where only one can
    be had, depends on what the operators compute, not on their names or on how independent ones
    are listed.

    First parts of one rank are joined. The rank is the number of device changes on the longest
    path to a part: a path out and back raises it by two, so that neighbours of one rank and device
    can always be merged. Then pairs are merged where no path leads from one to the other through a
    third part; most networks have no such pair.

    Attributes:
        on_dpu: the device of each cluster.
        members: the clusters of each part, which is called by one of them.
        work: how many clusters and edges were looked at.
    """

    def __init__(
        self,
        clusters: Clusters,
        on_dpu: Sequence[bool],
        span: Optional[Tuple[int, int]] = None,
        most: Optional[int] = None,
    ) -> None:
        """Merges the clusters.

        Args:
            clusters: the clusters.
            on_dpu: the device of each; clusters on the DPU in `clusters` must be there.
            span: the first and the last cluster to merge, both bottlenecks; None takes all.
            most: how many clusters and edges may be looked at; None for any number.

        Raises:
            TooMuchWorkError: there are more.
        """
        self.work = 0
        self._most = most
        self._clusters = clusters
        self._first, self._last = span or (0, len(clusters) - 1)
        self.on_dpu = on_dpu
        rank, joined, apart = self._by_rank()
        if True in apart:  # The CPU's are not to be joined before the DPU's pairs are.
            joined = {
                cluster: part if on_dpu[cluster] else cluster for cluster, part in joined.items()
            }
        self.members: Dict[int, List[int]] = {}
        for cluster, part in joined.items():
            self.members.setdefault(part, []).append(cluster)
        if not apart:
            return
        self._connect(joined)
        if True in apart:
            if self._join_pairs(True, rank):
                rank = self._ranks()
            self._join_neighbours(False, rank)
        self._join_pairs(False, rank)

    def numbers(self) -> Dict[int, int]:
        """Returns the number of each cluster's part."""
        return {cluster: part for part, clusters in self.members.items() for cluster in clusters}

    def count(self, on_dpu: bool) -> int:
        """Returns how many parts a device has."""
        return sum(1 for part in self.members if self.on_dpu[part] is on_dpu)

    def _by_rank(self) -> Tuple[Dict[int, int], Dict[int, int], Set[bool]]:
        """Returns each cluster's rank and part, neighbours of one rank and device being joined.

        And the devices that have neighbours of different ranks. Joining changes no rank.
        """
        on_dpu, before = self.on_dpu, self._clusters.before
        rank: Dict[int, int] = {}
        parent: Dict[int, int] = {}
        apart: Set[bool] = set()

        def root(cluster: int) -> int:
            while parent[cluster] != cluster:
                parent[cluster] = cluster = parent[parent[cluster]]
            return cluster

        for cluster in range(self._first, self._last + 1):  # what a cluster reads comes before it
            device, highest = on_dpu[cluster], 0
            sources = before[cluster] if cluster > self._first else ()
            self._spend(1 + len(sources))
            for source in sources:
                reached = rank[source] + (on_dpu[source] is not device)
                if reached > highest:
                    highest = reached
            rank[cluster], parent[cluster] = highest, cluster
            for source in sources:
                if on_dpu[source] is not device:
                    continue
                if rank[source] != highest:
                    apart.add(device)
                    continue
                one, other = root(source), root(cluster)
                parent[max(one, other)] = min(one, other)
        return rank, {cluster: root(cluster) for cluster in rank}, apart

    def _connect(self, part_of: Mapping[int, int]) -> None:
        """Notes which parts read which."""
        self._after: Dict[int, Set[int]] = {part: set() for part in self.members}
        self._before: Dict[int, Set[int]] = {part: set() for part in self.members}
        self._called: Dict[int, int] = {part: part for part in self.members}
        for cluster, part in part_of.items():
            for following in self._clusters.after[cluster] if cluster < self._last else ():
                other = part_of[following]
                if other != part:
                    self._after[part].add(other)
                    self._before[other].add(part)

    def _ranks(self) -> Dict[int, int]:
        """Returns the rank of each part."""
        missing = {part: len(before) for part, before in self._before.items()}
        ready = [part for part in self.members if not missing[part]]
        rank = dict.fromkeys(ready, 0)
        while ready:
            part = ready.pop()
            for following in self._after[part]:
                changed = self.on_dpu[part] is not self.on_dpu[following]
                rank[following] = max(rank.get(following, 0), rank[part] + changed)
                missing[following] -= 1
                if not missing[following]:
                    ready.append(following)
        return rank

    def _join_neighbours(self, device: bool, rank: Mapping[int, int]) -> None:
        """Joins the parts of a device with their neighbours of the same rank."""
        for part in [one for one in self.members if self.on_dpu[one] is device]:
            beside = [part] if part in self.members else []
            while beside:
                beside = [
                    other
                    for other in self._after[part] | self._before[part]
                    if self.on_dpu[other] is device and rank[other] == rank[part]
                ]
                for other in beside:
                    part = self._join(part, other)

    def _join_pairs(self, device: bool, rank: Mapping[int, int]) -> bool:
        """Merges neighbours of different ranks as long as any can be; says whether some were."""
        self._lowest = {part: rank[part] for part in self.members}
        self._highest = dict(self._lowest)
        self._farthest = list(range(1 + max(self._lowest.values())))
        self._keys: Dict[int, Key] = {}
        ever, merged = False, True
        while merged:
            merged = False
            for part, called in self._with_followers(device):
                if self._called.get(part) != called:  # it is part of another one now
                    continue
                grown = self._grow(part)
                while grown is not None:
                    ever = merged = True
                    grown = self._grow(grown)
        return ever

    def _with_followers(self, device: bool) -> List[Tuple[int, int]]:
        """Returns the parts of a device that one of the same device reads, lowest rank first."""
        found = [
            part for part in self.members if self.on_dpu[part] is device and self._followers(part)
        ]
        return [(part, self._called[part]) for part in sorted(found, key=self._key)]

    def _followers(self, part: int) -> List[int]:
        return [one for one in self._after[part] if self.on_dpu[one] is self.on_dpu[part]]

    def _key(self, part: int) -> Tuple[int, Key, int]:
        key = self._keys.get(part)
        if key is None:
            keys = self._clusters.keys
            key = self._keys[part] = min(keys[cluster] for cluster in self.members[part])
        return self._lowest[part], key, self._called[part]

    def _grow(self, part: int) -> Optional[int]:
        """Merges a part with one that reads it; returns the part that both are, or None."""
        followers = self._followers(part)
        for other in sorted(followers, key=self._key) if len(followers) > 1 else followers:
            if not self._detour(part, other):
                low = min(self._lowest[part], self._lowest[other])
                high = max(self._highest[part], self._highest[other])
                for rank in range(low, high):
                    self._farthest[rank] = max(self._farthest[rank], high)
                key = min(self._key(part)[1], self._key(other)[1])
                grown = self._join(part, other)
                self._lowest[grown], self._highest[grown], self._keys[grown] = low, high, key
                return grown
        return None

    def _detour(self, first: int, second: int) -> bool:
        """Returns whether a path leads from first to second through a third part.

        Ranks never fall along an edge between clusters, so a path back to the second stays at or
        below its highest rank, except through merged parts: it may enter at their lowest rank and
        leave at their highest.
        """
        if len(self._after[first]) == 1 or len(self._before[second]) == 1:
            return False
        if not self._after[first].isdisjoint(self._before[second]):
            return True
        bound = self._bound(second)
        waiting = [part for part in self._after[first] if part != second]
        seen = set(waiting)
        while waiting:
            after = self._after[waiting.pop()]
            self._spend(len(after))
            for following in after:
                if following == second:
                    return True
                if following not in seen and self._lowest[following] <= bound:
                    seen.add(following)
                    waiting.append(following)
        return False

    def _bound(self, part: int) -> int:
        """Returns the highest rank on any path to a part."""
        bound = self._highest[part]
        while self._farthest[bound] > bound:  # the highest of merged parts that begin there
            bound = self._farthest[bound]
        return bound

    def _join(self, first: int, second: int) -> int:
        """Joins two parts under the name of the first; returns the number of the joined part.

        It is the part with more neighbours, as the neighbours of the other are updated.
        """
        called = self._called[first]
        sizes = [len(self._after[one]) + len(self._before[one]) for one in (first, second)]
        if sizes[0] < sizes[1]:
            first, second = second, first
        self._spend(min(sizes))
        for part in self._after[second]:
            self._before[part].discard(second)
            self._before[part].add(first)
        for part in self._before[second]:
            self._after[part].discard(second)
            self._after[part].add(first)
        self._after[first] |= self._after[second]
        self._before[first] |= self._before[second]
        self._after[first] -= {first, second}
        self._before[first] -= {first, second}
        self.members[first] += self.members.pop(second)
        self._called[first] = called
        del self._after[second], self._before[second], self._called[second]
        return first

    def _spend(self, work: int) -> None:
        self.work += work
        if self._most is not None and self.work > self._most:
            raise TooMuchWorkError
