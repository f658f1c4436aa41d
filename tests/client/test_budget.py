import threading

from revisual.client.budget import Budget, BudgetSpent


def test_a_budget_is_never_exceeded_by_threads():
    budget, taken = Budget(max_requests=1000), []

    def take():
        try:
            while True:
                budget.take()
                taken.append(1)
        except BudgetSpent:
            pass

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == budget.requests == 1000
