"""The inner loops, compiled: density clustering of weighted points, merging, average linkage.

Imported inside functions only, because numba takes long to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np

from app.analysis.subgroups.profiles import Floats, Ints

Function = TypeVar("Function", bound=Callable[..., object])


def _compiled(function: Function) -> Function:
    """Compile with a cache on disk, or without where no folder can be written."""
    try:
        compiled: Function = numba.njit(function, cache=True, nogil=True)
    except RuntimeError:
        compiled = numba.njit(function, nogil=True)
    return compiled


@_compiled
def minimum_spanning_tree(points: Floats, core: Floats) -> tuple[Ints, Ints, Floats]:
    """Prim's tree of mutual reachability (the larger of the distance and both core distances).

    Returns the ends and the length of each of the n - 1 edges.
    """
    n = len(points)
    done = np.zeros(n, dtype=np.bool_)
    reach = np.full(n, np.inf)
    source = np.zeros(n, dtype=np.int64)
    left = np.empty(n - 1, dtype=np.int64)
    right = np.empty(n - 1, dtype=np.int64)
    length = np.empty(n - 1)
    current = 0
    for edge in range(n - 1):
        done[current] = True
        x, y, own = points[current, 0], points[current, 1], core[current]
        best, nearest = np.inf, -1
        for j in range(n):
            if done[j]:
                continue
            dx = points[j, 0] - x
            dy = points[j, 1] - y
            distance = max(np.sqrt(dx * dx + dy * dy), own, core[j])
            if distance < reach[j]:
                reach[j] = distance
                source[j] = current
            if reach[j] < best:
                best, nearest = reach[j], j
        left[edge], right[edge], length[edge] = source[nearest], nearest, best
        current = nearest
    return left, right, length


@_compiled
def single_linkage(left: Ints, right: Ints, weights: Ints) -> tuple[Ints, Ints, Ints]:
    """Children of each merge (ids n, n + 1, ...) and the weight of every node.

    The edges come in order of length; ids below n are points.
    """
    n = len(weights)
    root = np.arange(2 * n - 1)
    child_a = np.empty(n - 1, dtype=np.int64)
    child_b = np.empty(n - 1, dtype=np.int64)
    size = np.empty(2 * n - 1, dtype=np.int64)
    size[:n] = weights
    for step in range(n - 1):
        a, b = left[step], right[step]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        new = n + step
        child_a[step], child_b[step] = a, b
        size[new] = size[a] + size[b]
        root[a] = new
        root[b] = new
    return child_a, child_b, size


@_compiled
def excess_of_mass(
    child_a: Ints, child_b: Ints, size: Ints, length: Floats, core: Floats, min_size: int
) -> Ints:
    """Clusters of largest stability (HDBSCAN's eom), -1 for noise; the root is never a cluster.

    Each point stands for ``size`` patients at the same place, as if it were repeated.
    """
    n = len(core)
    top = 2 * n - 2
    parent = np.full(2 * n, -1, dtype=np.int64)
    birth = np.zeros(2 * n)
    stability = np.zeros(2 * n)
    cluster_of = np.zeros(top + 1, dtype=np.int64)
    falling = np.zeros(top + 1, dtype=np.bool_)
    n_clusters = 1
    for node in range(top, -1, -1):
        cluster = cluster_of[node]
        if node < n:
            if not falling[node]:
                density = np.inf if core[node] <= 0 else 1.0 / core[node]
                if density > birth[cluster]:
                    stability[cluster] += (density - birth[cluster]) * size[node]
            continue
        a, b = child_a[node - n], child_b[node - n]
        cluster_of[a] = cluster
        cluster_of[b] = cluster
        if falling[node]:
            falling[a] = True
            falling[b] = True
            continue
        density = np.inf if length[node - n] <= 0 else 1.0 / length[node - n]
        gain = 0.0 if density <= birth[cluster] else density - birth[cluster]
        if size[a] >= min_size and size[b] >= min_size:
            stability[cluster] += gain * (size[a] + size[b])
            for child in (a, b):
                cluster_of[child] = n_clusters
                parent[n_clusters] = cluster
                birth[n_clusters] = density
                n_clusters += 1
            continue
        for child in (a, b):
            if size[child] < min_size:
                falling[child] = True
                stability[cluster] += gain * size[child]
    selected = np.ones(n_clusters, dtype=np.bool_)
    below = np.zeros(n_clusters)
    has_children = np.zeros(n_clusters, dtype=np.bool_)
    for cluster in range(n_clusters - 1, 0, -1):
        if has_children[cluster] and below[cluster] > stability[cluster]:
            selected[cluster] = False
            best = below[cluster]
        else:
            best = stability[cluster]
        below[parent[cluster]] += best
        has_children[parent[cluster]] = True
    selected[0] = False
    # The outermost selected cluster on the way to the root is the one that counts.
    label = np.full(n_clusters, -1, dtype=np.int64)
    for cluster in range(1, n_clusters):
        inherited = label[parent[cluster]]
        if inherited >= 0:
            label[cluster] = inherited
        elif selected[cluster]:
            label[cluster] = cluster
    result = np.empty(n, dtype=np.int64)
    for point in range(n):
        result[point] = label[cluster_of[point]]
    return result


@_compiled
def _fit(carriers: Floats, n: float, overall: Floats, total: float) -> float:
    """Bernoulli log-likelihood of one cluster, with its mixing weight."""
    value = n * np.log(n / total)
    for f in range(len(carriers)):
        s = carriers[f]
        theta = (s + overall[f]) / (n + 1.0)
        value += s * np.log(theta) + (n - s) * np.log(1.0 - theta)
    return value


@_compiled
def _size_of_model(carriers: Floats, n: float, share: float, floor: float) -> float:
    """Number of features present in the cluster, plus one."""
    present = 1.0
    need = max(share * n, floor)
    for f in range(len(carriers)):
        if carriers[f] >= need:
            present += 1.0
    return present


@_compiled
def merge_clusters(
    carriers: Floats,
    sizes: Floats,
    overall: Floats,
    by_presence: bool,
    penalty: float,
    share: float,
    floor: float,
) -> Ints:
    """Merge clusters greedily while the penalised likelihood improves.

    ``penalty`` is paid per cluster: once, or per feature present in it. Returns the new cluster
    of each old one (the smallest old number in it).
    """
    k, d = carriers.shape
    total = sizes.sum()
    s = carriers.copy()
    n = sizes.copy()
    value = np.empty(k)
    for i in range(k):
        cost = penalty * _size_of_model(s[i], n[i], share, floor) if by_presence else penalty
        value[i] = _fit(s[i], n[i], overall, total) - cost
    gain = np.full((k, k), -np.inf)
    both = np.empty(d)
    alive = np.ones(k, dtype=np.bool_)
    label = np.arange(k)
    changed = -1
    for _ in range(k):
        for i in range(k):
            if not alive[i]:
                continue
            for j in range(i + 1, k):
                if not alive[j] or (changed >= 0 and changed not in (i, j)):
                    continue
                for f in range(d):
                    both[f] = s[i, f] + s[j, f]
                size = n[i] + n[j]
                cost = (
                    penalty * _size_of_model(both, size, share, floor) if by_presence else penalty
                )
                gain[i, j] = _fit(both, size, overall, total) - cost - value[i] - value[j]
        best, a, b = 0.0, -1, -1
        for i in range(k):
            if alive[i]:
                for j in range(i + 1, k):
                    if alive[j] and gain[i, j] > best:
                        best, a, b = gain[i, j], i, j
        if a < 0:
            break
        s[a] += s[b]
        n[a] += n[b]
        value[a] += value[b] + best
        alive[b] = False
        for i in range(k):
            if label[i] == b:
                label[i] = a
        changed = a
    return label


@_compiled
def average_linkage_cut(similarity: Floats, weights: Floats, cut: float) -> Ints:
    """Average linkage of weighted items, merged while the mean similarity is at least ``cut``.

    ``similarity`` is overwritten. Returns for each item the smallest item number in its group.
    """
    n = len(weights)
    mass = weights.copy()
    alive = np.ones(n, dtype=np.bool_)
    label = np.arange(n)
    nearest = np.zeros(n, dtype=np.int64)
    closeness = np.full(n, -1.0)
    stale = np.ones(n, dtype=np.bool_)
    while True:
        best, a = cut - 1e-9, -1
        for i in range(n):
            if not alive[i]:
                continue
            if stale[i]:
                closeness[i] = -1.0
                for j in range(n):
                    if j != i and alive[j] and similarity[i, j] > closeness[i]:
                        closeness[i], nearest[i] = similarity[i, j], j
                stale[i] = False
            if closeness[i] > best:
                best, a = closeness[i], i
        if a < 0:
            break
        b = nearest[a]
        if b < a:
            a, b = b, a
        joint = mass[a] + mass[b]
        for j in range(n):
            if alive[j] and j not in (a, b):
                value = (mass[a] * similarity[a, j] + mass[b] * similarity[b, j]) / joint
                similarity[a, j] = value
                similarity[j, a] = value
                if nearest[j] == a or nearest[j] == b:
                    stale[j] = True
                elif value > closeness[j]:
                    closeness[j], nearest[j] = value, a
        mass[a] = joint
        alive[b] = False
        stale[a] = True
        for i in range(n):
            if label[i] == b:
                label[i] = a
    return label
