"""Search inside one network: supernets with shared weights, and the strategies that train them."""
