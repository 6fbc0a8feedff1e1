from leasehold import Executor, Release

executor = Executor(grace_period=20)


@executor.task("render")
def render(payload, ctx):
    for frame in range(payload["frames"]):
        if ctx.cancelled.is_set():
            print("interrupted:", ctx.cancelled.reason)
            raise Release()  # it runs again, and the attempt does not count
        print("frame", frame)
        ctx.cancelled.wait(0.05)  # as if it were work that can be woken


executor.run()
