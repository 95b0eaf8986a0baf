# SPDX-License-Identifier: Apache-2.0
"""Peers from PyPI on the work of `therma bench engine`: updates per CPU nanosecond, JSON lines.

The graphs are drawn here from the same distributions as Therma's (speed does not depend on which one);
the G-set files are the same files. CPU time of the process, median of several runs, compilation and model building
excluded where the peer separates them.
"""
import argparse
import importlib.metadata
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np


def timed(work, repeats=3):
    """Median CPU seconds of work()."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def report(work, peer, value, unit="updates/ns", **settings):
    version = importlib.metadata.version(peer.split()[0])
    print(json.dumps({"work": work, "peer": peer, "version": version, "unit": unit, "value": value,
                      "settings": settings}), flush=True)


def grid_edges(*shape):
    """Pairs of a periodic grid, [edge, 2]."""
    site = np.arange(np.prod(shape)).reshape(shape)
    return np.concatenate([np.stack([site.ravel(), np.roll(site, -1, axis).ravel()], 1)
                           for axis in range(len(shape))])


def regular_edges(n, degree, seed):
    """A union of random perfect matchings: degree up to `degree`, doubles dropped."""
    rng = np.random.default_rng(seed)
    edges = np.concatenate([rng.permutation(n).reshape(-1, 2) for _ in range(degree)])
    return np.unique(np.sort(edges, 1), axis=0)


def z1_edges(width, height):
    site = np.arange(width * height).reshape(height, width)
    pairs = []
    for a, b in ((1, 0), (2, 1), (2, 3), (4, 1)):
        for dx, dy in ((a, b), (-b, a)):
            pairs.append(np.stack([site.ravel(), np.roll(site, (-dy, -dx), (0, 1)).ravel()], 1))
    return np.concatenate(pairs)


def dwave(work, edges, couplings, reads, sweeps):
    from dwave.samplers import SimulatedAnnealingSampler
    import dimod
    n = int(edges.max()) + 1
    bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(
        np.zeros(n), (edges[:, 0], edges[:, 1], -couplings), 0.0, "SPIN")
    sampler = SimulatedAnnealingSampler()
    run = lambda s: timed(lambda: sampler.sample(bqm, num_reads=reads, num_sweeps=s, seed=1,
                                                 beta_range=(0.5, 0.5), beta_schedule_type="linear"))
    # The difference of two lengths takes the building of arrays out.
    seconds = run(2 * sweeps) - run(sweeps)
    report(work, "dwave-samplers", n * reads * sweeps / seconds * 1e-9, reads=reads, sweeps=sweeps,
           how="simulated annealing core, constant beta 0.5")


def openjij(work, edges, couplings, reads, sweeps):
    import openjij as oj
    n = int(edges.max()) + 1
    J = {(int(a), int(b)): float(-j) for (a, b), j in zip(edges, couplings)}
    h = {i: 0.0 for i in range(n)}
    sampler = oj.SASampler()
    run = lambda s: timed(lambda: sampler.sample_ising(h, J, beta_min=0.5, beta_max=0.5, num_reads=reads,
                                                       num_sweeps=s, seed=1), 1)
    seconds = run(5 * sweeps) - run(sweeps)
    report(work, "openjij", n * reads * 4 * sweeps / seconds * 1e-9, reads=reads, sweeps=sweeps,
           how="SASampler, sparse, single spin flips, constant beta 0.5")


def thrml(work, edges, couplings, colour, chains, sweeps):
    import jax
    import jax.numpy as jnp
    from thrml import Block, SamplingSchedule, SpinNode, sample_states
    from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init
    nodes = [SpinNode() for _ in range(int(edges.max()) + 1)]
    model = IsingEBM(nodes, [(nodes[a], nodes[b]) for a, b in edges], jnp.zeros(len(nodes)),
                     jnp.asarray(couplings), jnp.array(0.5))
    blocks = [Block([nodes[i] for i in np.flatnonzero(colour == c)]) for c in range(int(colour.max()) + 1)]
    program = IsingSamplingProgram(model, blocks, clamped_blocks=[])
    keys = jax.random.split(jax.random.key(1), chains)
    start = hinton_init(jax.random.key(0), model, blocks, (chains,))

    def seconds_of(length):
        schedule = SamplingSchedule(n_warmup=length, n_samples=1, steps_per_sample=1)
        draw = jax.jit(jax.vmap(lambda s, k: sample_states(k, program, schedule, s, [], blocks[:1])))
        work_once = lambda: jax.block_until_ready(draw(start, keys))
        work_once()  # compiles
        return timed(work_once)

    seconds = seconds_of(2 * sweeps) - seconds_of(sweeps)
    report(work, "thrml", len(nodes) * chains * sweeps / seconds * 1e-9, chains=chains, sweeps=sweeps,
           how="block Gibbs over two colours, JAX on the CPU, jitted")


def numpy_network(work, units, replicas):
    rng = np.random.default_rng(1)
    coupling = rng.standard_normal((units, units), dtype=np.float32) / np.sqrt(units, dtype=np.float32)
    coupling = coupling + coupling.T
    x = rng.standard_normal((units, replicas), dtype=np.float32)
    dt, sigma, steps = np.float32(0.01), np.float32(np.sqrt(2 * 0.1 * 0.01)), 50

    def run():
        nonlocal x
        for _ in range(steps):
            gradient = coupling @ x + 2 * x + 4 * x ** 3
            x = x - dt * gradient + sigma * rng.standard_normal(x.shape, dtype=np.float32)

    run()
    seconds = timed(run, 5)
    report(work, "numpy", units * replicas * steps / seconds * 1e-9, replicas=replicas,
           gflops=2 * units * units * replicas * steps / seconds * 1e-9,
           how="float32 matmul (OpenBLAS) + standard_normal, one thread")


def thermox_network(work, units, steps):
    import jax
    import jax.numpy as jnp
    import thermox
    rng = np.random.default_rng(1)
    m = rng.standard_normal((units, units)) / np.sqrt(units)
    A = jnp.asarray(m @ m.T + np.eye(units), dtype=jnp.float32)
    ts = jnp.arange(steps, dtype=jnp.float32) * 0.01
    zero, D = jnp.zeros(units), jnp.eye(units)
    run = lambda: jax.block_until_ready(
        thermox.sample(jax.random.key(1), ts, zero, A, zero, D))
    run()
    seconds = timed(run)
    report(work, "thermox", units * steps / seconds * 1e-9, steps=steps,
           how="exact Ornstein-Uhlenbeck path, JAX on the CPU, factorisation included")


def maxcut(folder, seconds, seeds):
    """neal's core with 10,000 sweeps, restarted until the time is up."""
    from dwave.samplers import SimulatedAnnealingSampler
    import dimod
    for name in ("G1", "G22", "G43", "G55", "G60", "G70", "G81"):
        lines = (Path(folder) / f"{name}.txt").read_text().split("\n")
        n, m = map(int, lines[0].split()[:2])
        table = np.array([line.split() for line in lines[1:m + 1]], dtype=float)
        i, j, w = table[:, 0].astype(int) - 1, table[:, 1].astype(int) - 1, table[:, 2]
        bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(np.zeros(n), (i, j, w), 0.0, "SPIN")
        cuts = []
        for seed in range(1, seeds + 1):
            start, best, read = time.time(), -np.inf, 0
            while time.time() - start < seconds:
                result = SimulatedAnnealingSampler().sample(bqm, num_reads=1, num_sweeps=10_000,
                                                            seed=1000 * seed + read)
                best, read = max(best, (w.sum() - result.first.energy) / 2), read + 1
            cuts.append(best)
        report(f"max-cut {name}", "dwave-samplers", statistics.mean(cuts), unit="cut", best=max(cuts),
               seconds=seconds, seeds=seeds, sweeps=10_000)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--maxcut", metavar="FOLDER", help="run the G-set of this folder instead")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seeds", type=int, default=5)
    chosen = options.parse_args()
    if chosen.maxcut:
        return maxcut(chosen.maxcut, chosen.seconds, chosen.seeds)
    rng = np.random.default_rng(1)
    signs = lambda edges: rng.choice([-1.0, 1.0], len(edges))
    lattice = grid_edges(256, 256)
    glass = grid_edges(20, 20, 20)
    sparse = regular_edges(10_000, 12, 1)
    z1 = z1_edges(576, 468)
    dwave("2D lattice 256 x 256", lattice, np.ones(len(lattice)), 4, 200)
    dwave("+-J glass 20^3", glass, signs(glass), 16, 200)
    dwave("random graph n=10,000, degree 12", sparse, rng.standard_normal(len(sparse)), 16, 100)
    openjij("random graph n=10,000, degree 12", sparse, rng.standard_normal(len(sparse)), 16, 20)
    z1_colour = (np.arange(576 * 468) % 576 + np.arange(576 * 468) // 576) % 2
    dwave("Z1-type grid, one chain", z1, rng.standard_normal(len(z1)), 1, 20)
    thrml("Z1-type grid, one chain", z1, rng.standard_normal(len(z1)), z1_colour, 1, 20)
    numpy_network("quartic network, 1296 dense units, 64 replicas", 1296, 64)
    thermox_network("quadratic network, 256 dense units, one chain", 256, 1000)


if __name__ == "__main__":
    sys.exit(main())
