"""The sentences by key: English, Traditional Chinese (Taiwan). Both name the same parts in braces."""

from __future__ import annotations

from mcapp.preflight.words import PREFLIGHT

CATALOGUE: dict[str, tuple[str, str]] = {
    **PREFLIGHT,
    # Parts of sentences.
    "more": (" and {count} more", "等（另有 {count} 個）"),
    "and": ("{first}, and {second}", "{first}，且{second}"),
    "both": ("{first} {second}", "{first}{second}"),
    "verdict": ("{node} {reasons}", "{node} {reasons}"),
    "room": (
        "{cpu}m CPU, {memory} MiB memory and {pods} pod(s)",
        "CPU {cpu}m、記憶體 {memory} MiB、Pod {pods} 個",
    ),
    "given": ("Given by you.", "由您指定。"),
    # Why a node is out.
    "node.label": ("does not carry {labels}", "沒有標籤 {labels}"),
    "node.avoid": ("carries {labels}, so it is for db alone", "帶有標籤 {labels}，只留給 db"),
    "node.notready": ("is not Ready", "不是 Ready 狀態"),
    "node.cordoned": ("is cordoned (unschedulable)", "已停止排程（cordon）"),
    "node.pressure": ("reports {condition}", "回報 {condition}"),
    "node.os": ("runs {os}, not Linux", "執行 {os}，不是 Linux"),
    "node.taint": ("has the taint {taint}", "帶有污點 {taint}"),
    "node.room": ("has {free} free, but {wanted} are asked for", "剩餘 {free}，但需要 {wanted}"),
    "node.data": ("cannot mount the existing volume {volume}", "無法掛載既有的磁碟區 {volume}"),
    # topology
    "topology.asked": ("Topology {topology} was asked for.", "依您的要求採用 {topology} 拓撲。"),
    "topology.multi": (
        "multi: {nodes} is Ready, schedulable, no server, and carries {labels}, so db gets a machine "
        "of its own.",
        "multi：{nodes} 為 Ready、可排程、不是伺服器節點，且帶有標籤 {labels}，因此 db 使用獨立的機器。",
    ),
    "topology.none": (
        "single: no node carries {labels}.",
        "single：沒有節點帶有標籤 {labels}。",
    ),
    "topology.server": (
        "single: only a server carries {labels} ({nodes}); --topology multi would put db there all the same.",
        "single：只有伺服器節點帶有標籤 {labels}（{nodes}）；若仍要把 db 放在那裡，請加上 --topology multi。",
    ),
    "topology.unusable": (
        "single: {nodes} carries {labels} but can run no new pod now. "
        "If db starts on another node meanwhile, its data stay there.",
        "single：{nodes} 帶有標籤 {labels}，但目前無法執行新的 Pod。若 db 在此期間於其他節點啟動，"
        "資料就會留在該節點。",
    ),
    "topology.data": (
        "multi: db's data are on {nodes}, and data go before labels; {labels} is on {labelled}.",
        "multi：db 的資料在 {nodes}，資料優先於標籤；標籤 {labels} 在 {labelled}。",
    ),
    "topology.stay": (
        "single: db's data are on {nodes}, a server, and data go before labels. {labelled} carries {labels}: "
        "to use it, move the data first (movedb.py).",
        "single：db 的資料在伺服器節點 {nodes}，資料優先於標籤。{labelled} 帶有標籤 {labels}："
        "若要使用，請先搬移資料（movedb.py）。",
    ),
    "topology.dbnode": (
        "multi: db was asked to be on {node}, and other nodes can run the rest.",
        "multi：您要求 db 在 {node}，其餘元件可在其他節點執行。",
    ),
    "topology.dbnode.alone": (
        "single: db was asked to be on {node}, and no other node can run the rest.",
        "single：您要求 db 在 {node}，且沒有其他節點可執行其餘元件。",
    ),
    "topology.external": (
        "single: db.mode is external, so there is no database to place.",
        "single：db.mode 為 external，沒有需要安排位置的資料庫。",
    ),
    "external.place": (
        "With db.mode external there is no database here: --topology multi and --db-node mean nothing.",
        "db.mode 為 external 時，此叢集沒有資料庫，--topology multi 與 --db-node 都沒有作用。",
    ),
    "external.place.remedy": (
        "Leave both out; or take db.mode external out of the values for a database of the release's own.",
        "請移除這兩個選項；若要使用 release 自己的資料庫，請從設定值移除 db.mode external。",
    ),
    "ha.proposed": (
        "ha: Ready machines enough carry {labels} ({nodes}), so one may fail and the database goes on. "
        "Each needs the image mcapp/db; db.mode standalone in your values keeps one server.",
        "ha：帶有標籤 {labels} 且為 Ready 的機器夠多（{nodes}），其中一台故障時資料庫仍可繼續運作。"
        "每台都需要映像檔 mcapp/db；若只要一台伺服器，請在設定值中指定 db.mode standalone。",
    ),
    "ha.few": (
        "db.mode ha asks for {wanted} nodes that carry {labels}, and only {nodes} can run db: "
        "the other members will stay Pending.",
        "db.mode ha 需要 {wanted} 個帶有標籤 {labels} 的節點，但只有 {nodes} 能執行 db："
        "其餘成員會停在 Pending。",
    ),
    # placement
    "labels.carried": ("{nodes} carries {labels}.", "{nodes} 帶有標籤 {labels}。"),
    "labels.data": (
        "db's data are on {node}, which does not carry {labels}: db follows the data, by the node's "
        "own name.",
        "db 的資料在 {node}，但該節點沒有標籤 {labels}：db 依節點名稱跟隨資料。",
    ),
    "labels.dbnode": (
        "{node} was asked for and does not carry {labels}: it is found by its own name.",
        "您指定了 {node}，但該節點沒有標籤 {labels}：改以節點名稱指定。",
    ),
    "app.shares": (
        "Only db's node can run web and api too, so they may share it.",
        "只有 db 的節點能執行 web 與 api，因此允許共用。",
    ),
    "dbnode.pinned": ("db was asked to be on {node}.", "您要求 db 在 {node}。"),
    "tolerations.meant": (
        "{nodes} is meant for db and has the taint {taints}.",
        "{nodes} 是 db 的節點，帶有污點 {taints}。",
    ),
    "tolerations.role": (
        "No other node is free of taints; {taints} on {nodes} only marks a server.",
        "沒有其他無污點的節點；{nodes} 上的 {taints} 只是標示伺服器節點。",
    ),
    "platform.os": ("The images run on Linux only.", "映像檔只能在 Linux 上執行。"),
    "platform.arch": (
        "The nodes are {kinds}; images built on one machine run on one architecture, {arch}.",
        "節點有 {kinds} 多種架構；在一台機器上建置的映像檔只能在同一種架構（{arch}）上執行。",
    ),
    "platform.db": (
        "{nodes} is {arch} and the nodes of web and api are {apps}: "
        "the db image must be there for {arch}; one saved from a machine of another architecture "
        "does not start.",
        "{nodes} 為 {arch}，而 web 與 api 的節點為 {apps}：該處的 db 映像檔必須是 {arch}；"
        "從其他架構的機器匯出的映像檔無法啟動。",
    ),
    "replicas.one": (
        "{wanted} api pods do not fit beside the rest; one does.",
        "剩餘資源放不下 {wanted} 個 api Pod，只放得下一個。",
    ),
    "replicas.room": (
        "web and api together ask for {wanted}, more than is free: some pods will stay Pending.",
        "web 與 api 合計需要 {wanted}，超過剩餘資源：部分 Pod 會停在 Pending。",
    ),
    # storage
    "storage.default": (
        "db.persistence.storageClass is unset: the cluster's default class {name} serves it.",
        "未設定 db.persistence.storageClass：使用叢集預設的儲存類別 {name}。",
    ),
    "storage.unread": (
        "db.persistence.storageClass is unset: the cluster's default class serves it.",
        "未設定 db.persistence.storageClass：使用叢集預設的儲存類別。",
    ),
    "storage.several": (
        "db.persistence.storageClass is unset: {names} are all marked as default, Kubernetes takes "
        "the newest.",
        "未設定 db.persistence.storageClass：{names} 都標示為預設，Kubernetes 會採用最新建立的一個。",
    ),
    "storage.none": (
        "The cluster has no StorageClass with a provisioner: db's claim stays Pending until there is one.",
        "叢集沒有可自動佈建的儲存類別：在建立之前，db 的 PVC 會停在 Pending。",
    ),
    "storage.chosen": (
        "The cluster has no default class; {name} is the likeliest.",
        "叢集沒有預設的儲存類別；{name} 最為合適。",
    ),
    "storage.kept": (
        "The claim {claim} is of class {name}, and a claim's class cannot change.",
        "既有的 PVC {claim} 屬於儲存類別 {name}，而 PVC 的類別無法變更。",
    ),
    "storage.immediate": (
        "StorageClass {name} makes its volume before db has a node: it may be made on the wrong one. "
        "Use a class with volumeBindingMode WaitForFirstConsumer.",
        "儲存類別 {name} 會在 db 選定節點之前建立磁碟區，可能建在錯誤的節點上。"
        "請改用 volumeBindingMode 為 WaitForFirstConsumer 的類別。",
    ),
    "storage.size": (
        "The claim {claim} already has this size, and a claim cannot shrink to {size}.",
        "既有的 PVC {claim} 已是這個大小，無法縮小為 {size}。",
    ),
    # access
    "port.free": (
        "{port} is the usual port, and no other Service has it.",
        "{port} 是慣用的連接埠，沒有其他 Service 使用。",
    ),
    "port.unread": (
        "{port} is the usual port; whether another Service has it could not be read.",
        "{port} 是慣用的連接埠；無法得知是否已被其他 Service 使用。",
    ),
    "port.kept": ("web already answers on {port}.", "web 目前已使用 {port}。"),
    "port.taken": (
        "{wanted} is taken by the Service {service}; {port} is the next free one.",
        "{wanted} 已被 Service {service} 使用；{port} 是下一個可用的連接埠。",
    ),
    "port.any": ("Kubernetes chooses a free port.", "由 Kubernetes 選擇可用的連接埠。"),
    "port.given.taken": (
        "NodePort {port} was given but is taken by the Service {service}.",
        "您指定的 NodePort {port} 已被 Service {service} 使用。",
    ),
    "port.none": ("No NodePort is free.", "沒有可用的 NodePort。"),
    "port.remedy": (
        "Give another with --set web.service.nodePort=NUMBER, or delete the Service.",
        "請以 --set web.service.nodePort=NUMBER 指定其他連接埠，或刪除該 Service。",
    ),
    "cluster.nodes": (
        "{count} node(s), each with the address users reach and the tiers that may run there.",
        "共 {count} 個節點，各列出使用者可連線的位址與可執行的元件。",
    ),
    "urls.all": (
        "Every Ready node answers; the nodes of web come first.",
        "每個 Ready 節點都會回應；web 所在的節點列在前面。",
    ),
    "urls.some": (
        "Every Ready node answers, at {count} addresses; {shown} are listed, the nodes of web first.",
        "每個 Ready 節點都會回應，共 {count} 個位址；此處列出 {shown} 個，web 所在的節點優先。",
    ),
    "urls.named": (
        "The host names of the Ingress and the HTTPRoute, which must lead to the cluster.",
        "Ingress 與 HTTPRoute 的主機名稱，名稱必須能解析到叢集。",
    ),
    "urls.none": (
        "No port is known before the Service exists.",
        "Service 建立之前無法得知連接埠。",
    ),
    "address.overlay": (
        "{node} is reached at {address}, but flannel uses {overlay}: pods on different nodes may not "
        "reach each other. On k3s, start it with --flannel-iface.",
        "{node} 的位址是 {address}，但 flannel 使用 {overlay}：不同節點上的 Pod 可能無法互連。在 k3s "
        "請以 --flannel-iface 啟動。",
    ),
    # No placement.
    "multi.none": (
        "No node carries {labels}, so db has no place.",
        "沒有節點帶有標籤 {labels}，db 無處可放。",
    ),
    "multi.none.remedy": (
        "Label one, `kubectl label node {node} {labels}`, or take --topology single.",
        "請標記一個節點：`kubectl label node {node} {labels}`，或改用 --topology single。",
    ),
    "tier.nowhere": ("No node can run {tier}: {verdicts}.", "沒有節點能執行 {tier}：{verdicts}。"),
    "data.blocked": (
        "db's data are on volume {volume}, and no node that can mount it can run db: {verdicts}.",
        "db 的資料在磁碟區 {volume}，而能掛載它的節點都無法執行 db：{verdicts}。",
    ),
    "data.gone": (
        "db's data are on volume {volume}, bound to {nodes}, which is not in the cluster.",
        "db 的資料在磁碟區 {volume}，綁定於 {nodes}，但該節點不在叢集中。",
    ),
    "data.gone.remedy": (
        "Bring the node back under its name; or, if the data may be lost, delete the claim first.",
        "請讓該節點以原名稱重新加入；若資料可以捨棄，請先刪除 PVC。",
    ),
    "data.move": (
        "Move the data first (movedb.py --to NODE), or leave out --db-node.",
        "請先搬移資料（movedb.py --to 節點），或不要使用 --db-node。",
    ),
    "dbnode.unknown": (
        "There is no node {node}; the nodes are {nodes}.",
        "找不到節點 {node}；現有節點為 {nodes}。",
    ),
    "dbnode.remedy": (
        "Give a node's name as `kubectl get nodes` shows it.",
        "請使用 `kubectl get nodes` 顯示的節點名稱。",
    ),
    "dbnode.data": (
        "db's data are on volume {volume}, which only {nodes} can mount, not {node}.",
        "db 的資料在磁碟區 {volume}，只有 {nodes} 能掛載，{node} 不行。",
    ),
    "hostname.missing": (
        "{node} has no {label} of its own by which db could be held to it.",
        "{node} 沒有專屬的 {label} 標籤，無法將 db 固定於該節點。",
    ),
    "remedy.uncordon": ("Run `kubectl uncordon {node}`.", "請執行 `kubectl uncordon {node}`。"),
    "remedy.ready": (
        "Start {node} (its k3s agent or kubelet) and wait until `kubectl get nodes` shows it Ready.",
        "請啟動 {node}（k3s agent 或 kubelet），並等到 `kubectl get nodes` 顯示 Ready。",
    ),
    "remedy.room": (
        "Free some room, or ask for less with --set {tier}.resources.requests.cpu=... and .memory=... .",
        "請釋放資源，或以 --set {tier}.resources.requests.cpu=... 與 .memory=... 降低需求。",
    ),
    "remedy.taint": (
        "Remove the taint from {node}, or accept it with --set '{tier}.tolerations=[...]'.",
        "請移除 {node} 的污點，或以 --set '{tier}.tolerations=[...]' 容忍它。",
    ),
    "remedy.join": (
        "Mend one of these nodes, or join another to the cluster.",
        "請修復其中一個節點，或將新節點加入叢集。",
    ),
    # Input.
    "input.field": (
        "Node {where}: {field} is not what Kubernetes writes.",
        "節點 {where}：{field} 不符合 Kubernetes 的格式。",
    ),
    "input.unreadable": ("Cannot read {file}: {why}.", "無法讀取 {file}：{why}。"),
    "input.large": ("{file} is larger than {limit} MiB.", "{file} 超過 {limit} MiB。"),
    "input.large.remedy": (
        "Leave out what is not needed: kubectl get nodes -o json | jq -c 'del(.items[].status.images)'.",
        "請略去不需要的內容：kubectl get nodes -o json | jq -c 'del(.items[].status.images)'。",
    ),
    "input.empty": ("{file} is empty.", "{file} 是空的。"),
    "input.json": ("{file} is not JSON, or not all of it.", "{file} 不是 JSON，或內容不完整。"),
    "input.kind": (
        "{file} is JSON, but no Kubernetes object: it says no kind.",
        "{file} 是 JSON，但不是 Kubernetes 物件：沒有 kind。",
    ),
    "input.item": (
        "{file}: items[{position}] is no Kubernetes object.",
        "{file}：items[{position}] 不是 Kubernetes 物件。",
    ),
    "input.object": (
        "{file}: items[{position}], a {kind}, is not what Kubernetes writes.",
        "{file}：items[{position}]（{kind}）不符合 Kubernetes 的格式。",
    ),
    "input.other": ("{file} holds {kinds} and no node.", "{file} 的內容是 {kinds}，沒有節點。"),
    "input.none": ("{file} holds no node.", "{file} 沒有任何節點。"),
    "input.twice": ("{file} holds the node {node} twice.", "{file} 中節點 {node} 重複出現。"),
    "input.remedy": (
        "Make it with `kubectl get nodes -o json > nodes.json`.",
        "請以 `kubectl get nodes -o json > nodes.json` 產生。",
    ),
    "values.yaml": ("{file} is not YAML: {why}.", "{file} 不是 YAML：{why}。"),
    "values.mapping": (
        "{file} holds no values: at the top there must be keys.",
        "{file} 沒有設定值：最上層必須是鍵。",
    ),
    "values.remedy": ("Give a values file of the chart.", "請提供此 chart 的 values 檔。"),
    "set.form": ("--set {given} is not key=value.", "--set {given} 不是 key=value 的形式。"),
    "set.yaml": ("The value in --set {given} is not YAML: {why}.", "--set {given} 的值不是 YAML：{why}。"),
    "set.remedy": ("Write it like --set api.replicas=3.", "請寫成例如 --set api.replicas=3。"),
    "schema": ("{source}: {key}: {why}.", "{source}：{key}：{why}。"),
    "schema.remedy": (
        "See chart/mcapp/values.schema.json for what the key may be.",
        "可用的值請見 chart/mcapp/values.schema.json。",
    ),
    "schema.given": ("The values given do not fit the chart", "指定的值不符合 chart"),
    "schema.made": ("The values made do not fit the chart", "產生的值不符合 chart"),
    "output.unwritable": ("Cannot write {file}: {why}.", "無法寫入 {file}：{why}。"),
    "output.remedy": (
        "Give a file in an existing folder of yours with --output FILE.",
        "請以 --output FILE 指定您可寫入的既有資料夾中的檔案。",
    ),
    # The cluster.
    "kube.missing": ("The program {program} is not there.", "找不到程式 {program}。"),
    "kube.missing.remedy": (
        "Install kubectl, or give its path with --kubectl PATH (on k3s: --kubectl 'k3s kubectl').",
        "請安裝 kubectl，或以 --kubectl PATH 指定路徑（k3s 可用 --kubectl 'k3s kubectl'）。",
    ),
    "kube.config": ("kubectl cannot use its configuration: {why}.", "kubectl 無法使用設定檔：{why}。"),
    "kube.config.remedy": (
        "Check --kubeconfig, $KUBECONFIG and --context; on a k3s server it is "
        "/etc/rancher/k3s/k3s.yaml, for root.",
        "請檢查 --kubeconfig、$KUBECONFIG 與 --context；在 k3s 伺服器上為 /etc/rancher/k3s/k3s.yaml，"
        "需要 root 權限。",
    ),
    "kube.unreachable": ("The cluster does not answer: {why}.", "叢集沒有回應：{why}。"),
    "kube.timeout": ("no answer within {seconds} s", "{seconds} 秒內沒有回應"),
    "kube.unreachable.remedy": (
        "Start it, check that $KUBECONFIG leads to it, or work from a file with --nodes-file.",
        "請啟動叢集、檢查 $KUBECONFIG 是否指向它，或以 --nodes-file 使用檔案。",
    ),
    "kube.forbidden": ("You may not read the cluster's nodes: {why}.", "您沒有讀取節點的權限：{why}。"),
    "kube.forbidden.remedy": (
        "Ask an administrator for `kubectl get nodes -o json > nodes.json` and give it with --nodes-file.",
        "請向管理者索取 `kubectl get nodes -o json > nodes.json`，再以 --nodes-file 提供。",
    ),
    "kube.answer": ("kubectl answered with something other than JSON.", "kubectl 的回應不是 JSON。"),
    "kube.empty": ("The cluster has no node yet.", "叢集目前沒有任何節點。"),
    "label.failed": ("kubectl did not label {node}: {why}.", "kubectl 未能標記 {node}：{why}。"),
    "label.failed.remedy": (
        "Run `kubectl label node {node} {labels}` with more rights.",
        "請以足夠的權限執行 `kubectl label node {node} {labels}`。",
    ),
    "label.other": (
        "{node} already carries {label}, which something else may rely on.",
        "{node} 已帶有標籤 {label}，可能有其他元件依賴它。",
    ),
    "label.other.remedy": (
        "If not, run `kubectl label --overwrite node {node} {labels}`.",
        "若沒有，請執行 `kubectl label --overwrite node {node} {labels}`。",
    ),
    "label.done": ("{node}: labelled {labels}.", "{node}：已加上標籤 {labels}。"),
    "label.already": (
        "{node}: carries {labels} already; nothing done.",
        "{node}：原本就有標籤 {labels}，未做變更。",
    ),
    # The report.
    "head.made": (
        "Values for the chart mcapp, made by scripts/genvalues.py from what the cluster tells.",
        "chart mcapp 的設定值，由 scripts/genvalues.py 依叢集現況產生。",
    ),
    "head.again": (
        "Make it again rather than edit it: --set and --base add what is yours, --check tells what changed.",
        "請重新產生而不要直接編輯：以 --set 與 --base 加入您的設定，以 --check 查看變動。",
    ),
    "report.tier": ("{tier} may run on {nodes}.", "{tier} 可在 {nodes} 執行。"),
    "report.refused": ("{tier} not on {nodes}: {reasons}.", "{tier} 不在 {nodes}：{reasons}。"),
    "report.unread": (
        "Not read, so not weighed: {kinds}.",
        "未能讀取，因此未列入考量：{kinds}。",
    ),
    "report.warning": ("warning: {warning}", "警告：{warning}"),
    "report.wrote": ("Wrote {file}.", "已寫入 {file}。"),
    "report.same": ("{file} is as it should be; left untouched.", "{file} 已是最新，未變更。"),
    "check.same": ("{file} still fits the cluster.", "{file} 仍符合叢集現況。"),
    "check.absent": ("{file} does not exist yet.", "{file} 尚不存在。"),
    "check.words": ("Only comments or layout differ.", "只有註解或排版不同。"),
    "drift.changed": ("{key}: {old} -> {new}. {reason}", "{key}：{old} → {new}。{reason}"),
    "drift.added": ("{key}: now {new}. {reason}", "{key}：現為 {new}。{reason}"),
    "drift.removed": ("{key}: {old} is no longer set.", "{key}：不再設定 {old}。"),
    "drift.node.gone": ("cluster.nodes: {node} has left the cluster.", "cluster.nodes：{node} 已離開叢集。"),
    "drift.node.new": ("cluster.nodes: {node} has joined the cluster.", "cluster.nodes：{node} 已加入叢集。"),
    "drift.node.address": (
        "cluster.nodes: the address of {node} changed from {old} to {new}.",
        "cluster.nodes：{node} 的位址從 {old} 變為 {new}。",
    ),
    "drift.node.tiers": (
        "cluster.nodes: {node} may run {new} now, before {old}.",
        "cluster.nodes：{node} 現在可執行 {new}，先前為 {old}。",
    ),
    "nothing": ("nothing", "無"),
}
