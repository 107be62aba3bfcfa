"""RapidOCR, recognition only, as an engine of ``benchmarks/reading.py``."""

from importlib.metadata import version

import measure


def load(job: dict) -> measure.Engine:
    """RapidOCR on ONNX Runtime with the models that come in its package."""
    try:
        import cv2
        from rapidocr import RapidOCR
    except ImportError:
        raise measure.Missing(
            "RapidOCR is not installed (pip install rapidocr onnxruntime, best in an environment "
            "of its own, and name that one's Python with --rapidocr)"
        ) from None
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": job["cores"]}
    engine = RapidOCR(params={"Global.log_level": "error", **threads})

    def read_one(path: str) -> str:
        texts = engine(path, use_det=False, use_cls=False, use_rec=True).txts
        return texts[0] if texts else ""

    def read_all(paths: list[str]) -> list[str]:
        return list(engine.recognize_txt([cv2.imread(path) for path in paths]).txts)

    return measure.Engine(f"RapidOCR {version('rapidocr')}", read_one, read_all)


if __name__ == "__main__":
    measure.run(load)
