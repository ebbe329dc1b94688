"""What is said of the cluster and of its nodes, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

RESOURCES = Words(
    "{cpu}m CPU, {memory} MiB memory and {pods} pod(s)",
    "CPU {cpu}m、記憶體 {memory} MiB、Pod {pods} 個",
)

# Why a node cannot run a pod.
NODE_LABEL = Words("does not carry {labels}", "沒有標籤 {labels}")
NODE_AVOID = Words("carries {labels}, so it is for db alone", "帶有標籤 {labels}，只留給 db")
NODE_NOTREADY = Words("is not Ready", "不是 Ready 狀態")
NODE_CORDONED = Words("is cordoned (unschedulable)", "已停止排程（cordon）")
NODE_PRESSURE = Words("reports {condition}", "回報 {condition}")
NODE_OS = Words("runs {os}, not Linux", "執行 {os}，不是 Linux")
NODE_TAINT = Words("has the taint {taint}", "帶有污點 {taint}")
NODE_RESOURCES = Words("has {free} free, but {wanted} are asked for", "剩餘 {free}，但需要 {wanted}")

# Input.
INPUT_FIELD = Words(
    "Node {where}: {field} is not what Kubernetes writes.",
    "節點 {where}：{field} 不符合 Kubernetes 的格式。",
)
INPUT_UNREADABLE = Words("Cannot read {file}: {why}.", "無法讀取 {file}：{why}。")
INPUT_LARGE = Words("{file} is larger than {limit} MiB.", "{file} 超過 {limit} MiB。")
INPUT_LARGE_REMEDY = Words(
    "Leave out what is not needed: kubectl get nodes -o json | jq -c 'del(.items[].status.images)'.",
    "請略去不需要的內容：kubectl get nodes -o json | jq -c 'del(.items[].status.images)'。",
)
INPUT_EMPTY = Words("{file} is empty.", "{file} 是空的。")
INPUT_JSON = Words("{file} is not JSON, or not all of it.", "{file} 不是 JSON，或內容不完整。")
INPUT_KIND = Words(
    "{file} is JSON, but no Kubernetes object: it says no kind.",
    "{file} 是 JSON，但不是 Kubernetes 物件：沒有 kind。",
)
INPUT_ITEM = Words(
    "{file}: items[{position}] is no Kubernetes object.",
    "{file}：items[{position}] 不是 Kubernetes 物件。",
)
INPUT_OBJECT = Words(
    "{file}: items[{position}], a {kind}, is not what Kubernetes writes.",
    "{file}：items[{position}]（{kind}）不符合 Kubernetes 的格式。",
)
INPUT_OTHER = Words("{file} holds {kinds} and no node.", "{file} 的內容是 {kinds}，沒有節點。")
INPUT_NONE = Words("{file} holds no node.", "{file} 沒有任何節點。")
INPUT_TWICE = Words("{file} holds the node {node} twice.", "{file} 中節點 {node} 重複出現。")
INPUT_REMEDY = Words(
    "Make it with `kubectl get nodes -o json > nodes.json`.",
    "請以 `kubectl get nodes -o json > nodes.json` 產生。",
)

# The cluster.
KUBE_MISSING = Words("The program {program} is not there.", "找不到程式 {program}。")
KUBE_MISSING_REMEDY = Words(
    "Install kubectl, or give its path with --kubectl PATH (on k3s: --kubectl 'k3s kubectl').",
    "請安裝 kubectl，或以 --kubectl PATH 指定路徑（k3s 可用 --kubectl 'k3s kubectl'）。",
)
KUBE_CONFIG = Words("kubectl cannot use its configuration: {why}.", "kubectl 無法使用設定檔：{why}。")
KUBE_CONFIG_REMEDY = Words(
    "Check --kubeconfig, $KUBECONFIG and --context; on a k3s server it is "
    "/etc/rancher/k3s/k3s.yaml, for root.",
    "請檢查 --kubeconfig、$KUBECONFIG 與 --context；在 k3s 伺服器上為 /etc/rancher/k3s/k3s.yaml，"
    "需要 root 權限。",
)
KUBE_UNREACHABLE = Words("The cluster does not answer: {why}.", "叢集沒有回應：{why}。")
KUBE_TIMEOUT = Words("no answer within {seconds} s", "{seconds} 秒內沒有回應")
KUBE_UNREACHABLE_REMEDY = Words(
    "Start it, and check that --kubeconfig, $KUBECONFIG and --context lead to it.",
    "請啟動叢集，並檢查 --kubeconfig、$KUBECONFIG 與 --context 是否指向它。",
)
KUBE_FORBIDDEN = Words("You may not read the cluster's nodes: {why}.", "您沒有讀取節點的權限：{why}。")
KUBE_FORBIDDEN_REMEDY = Words(
    "Ask an administrator for `kubectl get nodes -o json > nodes.json` and give it with --nodes-file.",
    "請向管理者索取 `kubectl get nodes -o json > nodes.json`，再以 --nodes-file 提供。",
)
KUBE_ANSWER = Words("kubectl answered with something other than JSON.", "kubectl 的回應不是 JSON。")
KUBE_EMPTY = Words("The cluster has no node yet.", "叢集目前沒有任何節點。")
KUBE_REFUSED = Words("{kind} was refused: {why}.", "{kind} 遭到拒絕：{why}。")
KUBE_FAILED = Words("kubectl {command} failed: {why}.", "kubectl {command} 失敗：{why}。")
KUBE_UNREADABLE = Words("{kind} {name} cannot be read: {why}.", "無法讀取 {kind} {name}：{why}。")
JOB_NO_POD = Words("Job {job} has no pod", "Job {job} 沒有 Pod")
LABEL_FAILED = Words("kubectl did not label {node}: {why}.", "kubectl 未能標記 {node}：{why}。")
LABEL_FAILED_REMEDY = Words(
    "Run `kubectl label node {node} {labels}` with more rights.",
    "請以足夠的權限執行 `kubectl label node {node} {labels}`。",
)

# A Helm release between two states.
HELM_AT_WORK = Words(
    "Waiting for another helm: release {release}, revision {revision}, is {status}",
    "等待另一個 helm：release {release} 的 revision {revision} 為 {status}",
)
HELM_MENDED = Words(
    "The helm that left revision {revision} of release {release} at {status} ({since}) was cut off: it is "
    "recorded as failed now, so that Helm takes the next upgrade. Nothing is lost.",
    "release {release} 的 revision {revision} 自 {since} 起停在 {status}，因為 helm 被中斷：已改記為 failed，"
    "Helm 可以接受下一次升級。沒有遺失任何資料。",
)
HELM_MOVED_ON = Words(
    "Somebody else works on release {release} at this moment.",
    "此刻有其他人正在變更 release {release}。",
)
HELM_MOVED_ON_REMEDY = Words("Run this again in a minute.", "請在一分鐘後重新執行。")
