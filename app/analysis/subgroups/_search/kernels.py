"""The inner loops, compiled: density clustering of weighted points, merging, average linkage.

Imported inside functions only, because numba takes long to load.
"""

from __future__ import annotations

from math import lgamma

import numba
import numpy as np
import numpy.typing as npt

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.profiles import Ints

_compiled = numba.njit(cache=True, nogil=True)


@_compiled
def _random_key(seed: int, i: int, j: int) -> int:
    """A number that looks random and depends on nothing but the arguments (splitmix64)."""
    x = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    for part in (np.uint64(i), np.uint64(j)):
        x = (x ^ part) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return int(x >> np.uint64(1))


@_compiled
def nearest_by_jaccard(
    profile_start: Ints, features: Ints, carriers: tuple[Ints, Ints], k: int, seed: int
) -> tuple[Ints, Floats]:
    """The k profiles nearest to each, itself first; -1 and infinity where fewer share anything.

    Profile i has the ``features[profile_start[i]:profile_start[i + 1]]``; ``carriers`` lists the
    profiles of each feature in the same way. Ties are broken at random by ``seed``.
    """
    n = len(profile_start) - 1
    indices = np.full((n, k), -1, dtype=np.int64)
    distances = np.full((n, k), np.inf)
    keys = np.empty(k, dtype=np.int64)
    shared = np.zeros(n, dtype=np.int64)
    touched = np.empty(n, dtype=np.int64)
    feature_start, members = carriers
    for i in range(n):
        n_touched = 0
        own = profile_start[i + 1] - profile_start[i]
        for position in range(profile_start[i], profile_start[i + 1]):
            feature = features[position]
            for member in range(feature_start[feature], feature_start[feature + 1]):
                j = members[member]
                if shared[j] == 0:
                    touched[n_touched] = j
                    n_touched += 1
                shared[j] += 1
        indices[i, 0] = i
        distances[i, 0] = 0.0
        filled = 1
        for position in range(n_touched):
            j = touched[position]
            both = shared[j]
            shared[j] = 0
            if j == i:
                continue
            distance = 1.0 - both / (own + profile_start[j + 1] - profile_start[j] - both)
            if filled == k and distance > distances[i, k - 1]:
                continue
            key = _random_key(seed, i, j)
            if filled == k and distance == distances[i, k - 1] and key >= keys[k - 1]:
                continue
            place = filled if filled < k else k - 1
            filled = min(filled + 1, k)
            while place > 1 and (
                distances[i, place - 1] > distance
                or (distances[i, place - 1] == distance and keys[place - 1] > key)
            ):
                indices[i, place] = indices[i, place - 1]
                distances[i, place] = distances[i, place - 1]
                keys[place] = keys[place - 1]
                place -= 1
            indices[i, place] = j
            distances[i, place] = distance
            keys[place] = key
    return indices, distances


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
def _root_of(root: Ints, node: int) -> int:
    while root[node] != node:
        root[node] = root[root[node]]
        node = root[node]
    return node


@_compiled
def single_linkage(left: Ints, right: Ints, weights: Ints) -> tuple[Ints, Ints]:
    """Both children of each merge (ids n, n + 1, ...) and the weight of every node.

    The edges come in order of length; ids below n are points.
    """
    n = len(weights)
    root = np.arange(2 * n - 1)
    children = np.empty((n - 1, 2), dtype=np.int64)
    size = np.empty(2 * n - 1, dtype=np.int64)
    size[:n] = weights
    for step in range(n - 1):
        a = _root_of(root, left[step])
        b = _root_of(root, right[step])
        children[step, 0] = a
        children[step, 1] = b
        size[n + step] = size[a] + size[b]
        root[a] = n + step
        root[b] = n + step
    return children, size


@_compiled
def _condense(
    children: Ints, size: Ints, density: Floats, min_size: int
) -> tuple[Ints, Ints, Floats]:
    """Cluster in which each node ends, parent of each cluster, stability of each cluster.

    Clusters are numbered from the root (0), parents before children. ``density`` is one over the
    length at which a node splits, for a point one over its core distance.
    """
    n = len(density) - len(children)
    parent = np.full(2 * n, -1, dtype=np.int64)
    birth = np.zeros(2 * n)
    stability = np.zeros(2 * n)
    cluster_of = np.zeros(len(density), dtype=np.int64)
    falling = np.zeros(len(density), dtype=np.bool_)
    n_clusters = 1
    for node in range(len(density) - 1, -1, -1):
        cluster = cluster_of[node]
        # Infinite density minus infinite density must count as nothing.
        alive = 0.0 if density[node] <= birth[cluster] else density[node] - birth[cluster]
        if node < n:
            if not falling[node]:
                stability[cluster] += alive * size[node]
            continue
        first, second = children[node - n]
        both_large = size[first] >= min_size and size[second] >= min_size
        if both_large and not falling[node]:
            stability[cluster] += alive * size[node]
        for child in (first, second):
            cluster_of[child] = cluster
            if falling[node]:
                falling[child] = True
            elif both_large:
                cluster_of[child] = n_clusters
                parent[n_clusters] = cluster
                birth[n_clusters] = density[node]
                n_clusters += 1
            elif size[child] < min_size:
                falling[child] = True
                stability[cluster] += alive * size[child]
    return cluster_of[:n], parent[:n_clusters], stability[:n_clusters]


@_compiled
def excess_of_mass(children: Ints, size: Ints, density: Floats, min_size: int) -> Ints:
    """Clusters of largest stability (HDBSCAN's eom), -1 for noise; the root is never a cluster.

    Each point stands for ``size`` patients at the same place, as if it were repeated.
    """
    cluster_of, parent, stability = _condense(children, size, density, min_size)
    n_clusters = len(parent)
    selected = np.ones(n_clusters, dtype=np.bool_)
    below = np.zeros(n_clusters)
    for cluster in range(n_clusters - 1, 0, -1):
        selected[cluster] = below[cluster] <= stability[cluster]
        below[parent[cluster]] += max(below[cluster], stability[cluster])
    # The outermost selected cluster on the way to the root is the one that counts.
    label = np.full(n_clusters, -1, dtype=np.int64)
    for cluster in range(1, n_clusters):
        label[cluster] = label[parent[cluster]]
        if label[cluster] < 0 and selected[cluster]:
            label[cluster] = cluster
    return label[cluster_of]


@_compiled
def _worth(carriers: Floats, n: float, shape: Floats, prior: float) -> float:
    """Log of the marginal likelihood of one cluster and of its part in the partition's prior.

    ``shape`` holds both parameters of the Beta prior of every feature and the log of its integral.
    """
    alpha, beta, empty = shape
    worth = prior * lgamma(n)
    both = lgamma(n + alpha[0] + beta[0])
    for f in range(len(carriers)):
        s = carriers[f]
        worth += lgamma(s + alpha[f]) + lgamma(n - s + beta[f]) - both - empty[f]
    return worth


@_compiled
def _best_pair(gain: Floats, alive: npt.NDArray[np.bool_]) -> tuple[int, int, float]:
    best, a, b = 0.0, -1, -1
    for i in range(len(alive)):
        if alive[i]:
            for j in range(i + 1, len(alive)):
                if alive[j] and gain[i, j] > best:
                    best, a, b = gain[i, j], i, j
    return a, b, best


@_compiled
def merge_clusters(
    carriers: Floats, sizes: Floats, overall: Floats, concentration: float, prior: float
) -> Ints:
    """Merge clusters greedily while their marginal likelihood improves.

    A feature's frequency in a cluster has the prior Beta(a m, a (1 - m)), with ``overall`` m and
    ``concentration`` a; a partition has one proportional to the product of its clusters' (n - 1)!,
    to the power of ``prior``. Returns the new cluster of each old one: the smallest old number in
    it.
    """
    k = len(sizes)
    shape = np.empty((3, len(overall)))
    for f in range(len(overall)):
        shape[0, f] = concentration * overall[f]
        shape[1, f] = concentration * (1.0 - overall[f])
        shape[2, f] = lgamma(shape[0, f]) + lgamma(shape[1, f]) - lgamma(concentration)
    s = carriers.copy()
    n = sizes.copy()
    value = np.empty(k)
    for i in range(k):
        value[i] = _worth(s[i], n[i], shape, prior)
    gain = np.full((k, k), -np.inf)
    for i in range(k):
        for j in range(i + 1, k):
            joint = _worth(s[i] + s[j], n[i] + n[j], shape, prior)
            gain[i, j] = joint - value[i] - value[j]
    alive = np.ones(k, dtype=np.bool_)
    label = np.arange(k)
    while True:
        a, b, best = _best_pair(gain, alive)
        if a < 0:
            return label
        s[a] += s[b]
        n[a] += n[b]
        value[a] += value[b] + best
        alive[b] = False
        label[label == b] = a
        for i in range(k):
            if alive[i] and i != a:
                joint = _worth(s[i] + s[a], n[i] + n[a], shape, prior)
                gain[min(i, a), max(i, a)] = joint - value[i] - value[a]


@_compiled
def _closest(similarity: npt.NDArray[np.float32], alive: npt.NDArray[np.bool_], i: int) -> int:
    best, nearest = -np.inf, i
    for j in range(len(alive)):
        if alive[j] and j != i and similarity[i, j] > best:
            best, nearest = similarity[i, j], j
    return nearest


@_compiled
def average_linkage_cut(similarity: npt.NDArray[np.float32], weights: Floats, cut: float) -> Ints:
    """Average linkage of weighted items, merged while the mean similarity is at least ``cut``.

    ``similarity`` is overwritten. Returns for each item the smallest item number in its group.
    """
    n = len(weights)
    mass = weights.copy()
    alive = np.ones(n, dtype=np.bool_)
    label = np.arange(n)
    nearest = np.empty(n, dtype=np.int64)
    for i in range(n):
        nearest[i] = _closest(similarity, alive, i)
    while True:
        best, a = cut - 1e-6, -1
        for i in range(n):
            if alive[i] and nearest[i] != i and similarity[i, nearest[i]] > best:
                best, a = similarity[i, nearest[i]], i
        if a < 0:
            return label
        a, b = min(a, nearest[a]), max(a, nearest[a])
        alive[b] = False
        label[label == b] = a
        for j in range(n):
            if alive[j] and j != a:
                value = mass[a] * similarity[a, j] + mass[b] * similarity[b, j]
                similarity[a, j] = value / (mass[a] + mass[b])
                similarity[j, a] = similarity[a, j]
        mass[a] += mass[b]
        # A mean never exceeds the larger of its parts: only those who were nearest to a or b
        # can have lost their nearest.
        for j in range(n):
            if alive[j] and (j == a or nearest[j] in (a, b)):
                nearest[j] = _closest(similarity, alive, j)
