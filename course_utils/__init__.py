"""The package behind the Read & Reckon notebooks: ``ocr`` reads, ``arithmetic`` reckons."""
