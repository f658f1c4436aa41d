from revisual.rl.aggregation import TokenMean
from revisual.rl.kl import K3
from revisual.rl.losses import ClippedLoss


def test_k3_is_the_default():
    assert ClippedLoss().kl_estimator == K3() and ClippedLoss().aggregation == TokenMean()
