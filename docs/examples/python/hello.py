from leasehold import Executor
executor = Executor()
@executor.task("hello")
def hello(payload):
    print("hello,", payload["name"])
executor.run()
