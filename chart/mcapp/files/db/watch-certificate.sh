#!/bin/sh
# Lets Patroni and PostgreSQL read a certificate that was renewed: they read one only when they are told to. Goes on
# beside what this shell becomes, the container's first process, which takes care of every child; it holds no lock.
(
  known=$(cksum </etc/mcapp/db-tls/tls.crt)
  # A changed Secret takes the kubelet a minute, and a certificate is renewed weeks before its end.
  while sleep 10; do
    now=$(cksum </etc/mcapp/db-tls/tls.crt)
    if [ "$now" != "$known" ]; then kill -HUP 1; fi
    known=$now
  done
) 9>&- &
