scope: {{ include "mcapp.object" (list . "db") | toYaml }}
restapi:
  listen: "*:8008"
  {{- if eq (include "mcapp.serverTls" .) "required" }}
  certfile: /etc/mcapp/db-tls/tls.crt
  keyfile: /etc/mcapp/db-tls/tls.key
  {{- end }}
{{- if include "mcapp.databaseTls" . }}
# Members know each other by address, and no certificate has those: with a certificate of its own a member still checks that
# the other's is from the CA (patroni/request.py).
ctl:
  insecure: true
  cacert: /etc/mcapp/db-tls/ca.crt
  certfile: /etc/mcapp/db-tls/tls.crt
  keyfile: /etc/mcapp/db-tls/tls.key
{{- end }}
kubernetes:
  namespace: {{ .Release.Namespace | toYaml }}
  labels:
    {{- $labels := include "mcapp.selector" (list . "db") | fromYaml }}
    {{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" }}
    {{ . }}: {{ get $labels . | toYaml }}
    {{- end }}
  scope_label: mcapp/cluster
  role_label: mcapp/role
  leader_label_value: primary
  follower_label_value: replica
  # In a move it leads nobody's writes yet.
  standby_leader_label_value: standby_leader
  # The lease and the address of the leader's Service are one object, so that the Service never has two.
  use_endpoints: true
  ports:
    - name: postgres
      port: 5432
# What all members share is in `dcs`. A new primary sets it again, so an upgrade changes it.
bootstrap:
  dcs:
    ttl: {{ .Values.db.ha.ttl }}
    # Patroni's rule: loop_wait + 2 * retry_timeout <= ttl.
    loop_wait: 1
    retry_timeout: {{ div (sub .Values.db.ha.ttl 1) 2 }}
    # A leader goes on without the API server while it reaches all other members.
    failsafe_mode: true
    {{- if .Values.db.ha.synchronous }}
    # A crashed leader gives way at once: a replica has all that was acknowledged, and leads sooner than WAL is replayed.
    primary_start_timeout: 0
    # Nor do writes wait longer than this for the last checkpoint of a leader that is to stop.
    primary_stop_timeout: 1
    # Any replica may confirm a commit, so the loss of another one stops no write.
    synchronous_mode: quorum
    synchronous_mode_strict: {{ .Values.db.ha.synchronousStrict }}
    # So many replicas confirm that any minority of the members, the leader included, may be lost at once.
    synchronous_node_count: {{ div (sub (int .Values.db.ha.members) 1) 2 }}
    # The quorum decides which member has every acknowledged commit. This limit must not keep that one from leading.
    maximum_lag_on_failover: 1073741824
    {{- else }}
    # A replica may lack acknowledged writes: a crashed leader has this long to start again before one takes over.
    primary_start_timeout: 15
    synchronous_mode: false
    synchronous_mode_strict: false
    maximum_lag_on_failover: 1048576
    {{- end }}
    member_slots_ttl: 30min
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        # A member that stays away must not fill the leader's disk. It copies the data again when it is back.
        max_slot_wal_keep_size: 1GB
        wal_keep_size: 128MB
  initdb:
    - encoding: UTF8
    - data-checksums
    - auth-host: scram-sha-256
    - auth-local: scram-sha-256
  post_bootstrap: python -m mcapp_db.created
postgresql:
  listen: "*:5432"
  # Outside of the data, so that their own settings stay as standalone needs them.
  config_dir: /var/run/postgresql/conf
  custom_conf: ${PGDATA}/postgresql.conf
  pgpass: /tmp/pgpass
  use_unix_socket: true
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  basebackup:
    - checkpoint: fast
  callbacks:
    on_start: python -m mcapp_db.primary
    on_role_change: python -m mcapp_db.primary
  pg_hba:
    - local all postgres peer
    - local all all scram-sha-256
    {{- $host := ternary "hostssl" "host" (eq (include "mcapp.serverTls" .) "required") }}
    - {{ $host }} replication replicator all scram-sha-256
    - {{ $host }} all replicator all reject
    - {{ $host }} all all all scram-sha-256
  parameters:
    {{- if include "mcapp.databaseTls" . }}
    ssl: "on"
    ssl_cert_file: /etc/mcapp/db-tls/tls.crt
    ssl_key_file: /etc/mcapp/db-tls/tls.key
    {{- end }}
    unix_socket_directories: /var/run/postgresql
    # A replica that has failed to reach the lost leader waits this long before it can be promoted.
    wal_retrieve_retry_interval: 500ms
    # A peer behind a cut network closes no connection, so only a timeout shows that it is gone.
    wal_sender_timeout: 10s
    wal_receiver_timeout: 10s
    mcapp.pod: "${POD_NAME}"
    mcapp.node: "${NODE_NAME}"
    mcapp.node_address: "${NODE_ADDRESS}"
    {{- if eq .Values.topology "multi" }}
    mcapp.node_labels: {{ include "mcapp.databaseNodeLabels" . | quote }}
    {{- end }}
    mcapp.volume: "data-${POD_NAME}"
    mcapp.volume_size: {{ include "mcapp.size" .Values.db.persistence.size | toYaml }}
    mcapp.members: {{ .Values.db.ha.members | quote }}
