"""Figures of web's and db's pods for Prometheus, from a container beside nginx or PostgreSQL.

postgres_exporter and nginx-prometheus-exporter, which are usual for this, come as images from their projects'
registries. This project's own images are all built from package registries, where neither of the two is. The
second one also asks nginx's stub_status, which web does not serve. What is needed is a few lines: PostgreSQL
tells its figures in SQL, the kernel those of nginx in /proc/net.
"""
