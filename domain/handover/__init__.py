"""The main account in other hands: offered by the one, accepted by the other."""
