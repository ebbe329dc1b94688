"""The three tiers as processes of this machine, and made-up objects of a cluster: no cluster is needed."""
