# SPDX-License-Identifier: Apache-2.0
"""llama.cpp on the files of `therma bench llm --data FOLDER`: JSON lines.

usage: llm.py FOLDER [--repeats N] [--threads 1 2]

Wall time, medians: 32 tokens decoded and drawn behind a prompt of 16 random ones, a prompt of 512, and the draw alone from
the whole vocabulary with and without top-k. The model is built once for each file; loading is timed apart.
"""
import argparse
import ctypes
import importlib.metadata
import json
import random
import statistics
import time
from pathlib import Path

import llama_cpp as ll


def rate(count, repeats, work):
    work()
    values = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        values.append(count / (time.perf_counter() - start))
    return {"value": statistics.median(values), "low": min(values), "high": max(values)}


def report(work, unit, found, **more):
    print(json.dumps({"work": work, "peer": "llama.cpp", "unit": unit, **found,
                      "version": importlib.metadata.version("llama-cpp-python"), **more}), flush=True)


def sampler(top_k):
    chain = ll.llama_sampler_chain_init(ll.llama_sampler_chain_default_params())
    if top_k:
        ll.llama_sampler_chain_add(chain, ll.llama_sampler_init_top_k(top_k))
    ll.llama_sampler_chain_add(chain, ll.llama_sampler_init_temp(1.0))
    ll.llama_sampler_chain_add(chain, ll.llama_sampler_init_dist(1))
    return chain


class Context:
    def __init__(self, model, threads):
        params = ll.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 1024, 512, 512
        params.n_threads = params.n_threads_batch = threads
        self.ctx = ll.llama_init_from_model(model, params)

    def read(self, tokens):
        array = (ll.llama_token * len(tokens))(*tokens)
        if ll.llama_decode(self.ctx, ll.llama_batch_get_one(array, len(tokens))) != 0:
            raise RuntimeError("llama_decode failed")

    def clear(self):
        ll.llama_memory_clear(ll.llama_get_memory(self.ctx), True)

    def close(self):
        ll.llama_free(self.ctx)


def measure(path, threads, repeats):
    start = time.perf_counter()
    model = ll.llama_model_load_from_file(str(path).encode(), ll.llama_model_default_params())
    load_s = time.perf_counter() - start
    rng = random.Random(1)
    prompt = [rng.randrange(150_000) for _ in range(512)]
    whole = sampler(0)
    for count in threads:
        context = Context(model, count)

        def decode():
            context.clear()
            context.read(prompt[:16])
            begin = time.perf_counter()
            for _ in range(32):
                context.read([ll.llama_sampler_sample(whole, context.ctx, -1)])
            times.append(time.perf_counter() - begin)

        def prefill():
            context.clear()
            context.read(prompt)

        times = []
        for _ in range(repeats + 1):
            decode()
        values = sorted(32 / t for t in times[1:])
        report(f"decode {path.stem}, {count} threads", "tokens/s",
               {"value": statistics.median(values), "low": values[0], "high": values[-1]}, load_s=load_s)
        report(f"prefill {path.stem}, 512 tokens, {count} threads", "tokens/s",
               rate(512, repeats, prefill))
        for top_k in (0, 40):
            chain = sampler(top_k)
            found = rate(8, repeats, lambda: [ll.llama_sampler_sample(chain, context.ctx, -1)
                                              for _ in range(8)])
            report(f"draw from the logits alone, top-k {top_k or 'off'}", "draws/s", found)
        context.close()
    ll.llama_model_free(model)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    silent = ll.llama_log_callback(lambda *_: None)
    ll.llama_log_set(silent, ctypes.c_void_p(0))
    ll.llama_backend_init()
    for path in sorted(options.folder.glob("*.gguf")):
        if options.only in path.name:
            measure(path, options.threads, options.repeats)


if __name__ == "__main__":
    main()
