"""The package behind the Read & Reckon notebooks: ``ocr`` reads, ``arithmetic`` reckons."""

import os

from course_utils import quiet

# The course was made and measured on this backend; a personal keras.json must not change that.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
quiet.install()
