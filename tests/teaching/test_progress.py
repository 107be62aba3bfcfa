from course_utils.teaching.progress import Progress


def test_the_bar_goes_through_every_training_once():
    progress = Progress(100, trainings=2)
    seen = []
    for _ in range(2):
        for step in (50, 100):
            progress(step, "errors")
            seen.append(progress.widget.value)
    assert seen == [50, 100, 150, 200]
    assert progress.widget.max == 200
