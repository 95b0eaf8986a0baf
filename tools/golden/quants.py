# SPDX-License-Identifier: Apache-2.0
"""Blocks of each GGUF type, and the numbers that gguf-py reads from them:

    python3 tools/golden/quants.py tests/llm/golden/quants
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

QUANTISED = ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"]  # gguf-py writes these
SCALES = {  # offsets of the float16 scales of a block whose other bytes may be anything, and their size
    "Q4_K": {0: 2e-3, 2: 1.5e-2},
    "Q5_K": {0: 1e-3, 2: 1.5e-2},
    "Q6_K": {208: 8e-4},
}


def random_blocks(name: str, count: int, random: np.random.Generator) -> np.ndarray:
    """Any bytes make a valid block of a K type as long as its scales are finite."""
    size = GGML_QUANT_SIZES[GGMLQuantizationType[name]][1]
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    for offset, scale in SCALES[name].items():
        values = (scale * random.uniform(0.5, 1.5, count)).astype(np.float16)
        blocks[:, offset : offset + 2] = values.view(np.uint8).reshape(count, 2)
    return blocks


def blocks_of(name: str, random: np.random.Generator) -> np.ndarray:
    if name in SCALES:
        return random_blocks(name, 2, random)
    return quants.quantize(random.normal(size=(4, 32)).astype(np.float32), GGMLQuantizationType[name])


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    lines = []
    for name in [*QUANTISED, *SCALES]:
        data = np.ascontiguousarray(blocks_of(name, random))
        values = quants.dequantize(data, GGMLQuantizationType[name]).astype(np.float32).ravel()
        case = {"bytes": data.tobytes().hex(), "values": [float(f"{v:.9g}") for v in values]}
        lines.append(f'  "{name}": {json.dumps(case)}')
    (folder / "blocks.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
