"""How often services may be asked: policies as values, what a request demands of them, what answers tell about them."""
