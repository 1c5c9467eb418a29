"""Plans and price versions, and what a quantity of a plan costs."""
