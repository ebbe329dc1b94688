"""What is said of the cluster and of its nodes, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

RESOURCES = Words(
    "{cpu}m CPU, {memory} MiB memory and {pods} pod{pods:|s}",
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
NODE_UNDER_PRESSURE = Words("is under pressure ({taint})", "資源吃緊（{taint}）")
NODE_UNINITIALIZED = Words(
    "waits for a cloud controller to initialise it ({taint})",
    "正在等待雲端控制器（cloud controller）將其初始化（{taint}）",
)
NODE_SHUTDOWN = Words("is shut down, as its cloud reports ({taint})", "依雲端回報已關機（{taint}）")
NODE_NETWORK = Words("has no network for pods yet ({taint})", "尚無 Pod 網路（{taint}）")
NODE_OUT_OF_SERVICE = Words("is marked as out of service ({taint})", "已標示為停止服務（{taint}）")
NODE_STARTING = Words(
    "waits for a program that is not ready on it yet ({taint})",
    "正在等待尚未就緒的程式（{taint}）",
)
NODE_LEAVING = Words("is about to leave the cluster ({taint})", "即將離開叢集（{taint}）")
NODE_SYSTEM = Words("has the taint {taint}, which Kubernetes sets", "帶有由 Kubernetes 設定的污點 {taint}")
NODE_VIRTUAL = Words(
    "is a virtual node, no machine of its own ({taint})",
    "是虛擬節點，不是實際的機器（{taint}）",
)
NODE_RESOURCES = Words("has {free} free, but {wanted} are asked for", "剩餘 {free}，但需要 {wanted}")

# Input.
INPUT_FIELD = Words(
    "Node {where}: {field} is not what Kubernetes writes.",
    "節點 {where}：{field} 不符合 Kubernetes 的格式。",
)
INPUT_UNREADABLE = Words("Cannot read {file}: {why}.", "無法讀取 {file}：{why}。")
INPUT_LARGE = Words("{file} is larger than {limit} MiB.", "{file} 超過 {limit} MiB。")
INPUT_LARGE_REMEDY = Words(
    "Leave out what is not needed: "
    "`kubectl get nodes -o json | jq -c 'del(.items[].status.images)' > nodes.json`.",
    "請略去不需要的內容：`kubectl get nodes -o json | jq -c 'del(.items[].status.images)' > nodes.json`。",
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
PROGRAM_UNUSABLE = Words("The program {program} cannot be started: {why}.", "無法啟動程式 {program}：{why}。")
KUBE_MISSING_REMEDY = Words(
    "Install kubectl, or give its path with --kubectl PATH (on k3s: `--kubectl 'k3s kubectl'`).",
    "請安裝 kubectl，或以 --kubectl PATH 指定路徑（k3s 可用 `--kubectl 'k3s kubectl'`）。",
)
KUBE_CONFIG = Words("kubectl cannot use its configuration: {why}.", "kubectl 無法使用設定檔：{why}。")
KUBE_CONFIG_REMEDY = Words(
    "Check --kubeconfig, $KUBECONFIG and --context; on a k3s server it is "
    "/etc/rancher/k3s/k3s.yaml, for root.",
    "請檢查 --kubeconfig、$KUBECONFIG 與 --context；在 k3s 伺服器上為 /etc/rancher/k3s/k3s.yaml，"
    "需要 root 權限。",
)
KUBE_NO_CONFIG = Words(
    "kubectl has no configuration: {files} is not there, so it asks localhost:8080.",
    "kubectl 沒有設定檔：{files} 不存在，因此改連 localhost:8080。",
)
K3S_HIDDEN = Words(
    "You have no kubeconfig of your own, and that of k3s, {file}, is for root.",
    "您沒有自己的 kubeconfig，而 k3s 的 {file} 只有 root 能讀取。",
)
K3S_HIDDEN_REMEDY = Words(
    "Copy it: `mkdir -p ~/.kube && sudo cat /etc/rancher/k3s/k3s.yaml > ~/.kube/config && "
    "chmod 600 ~/.kube/config`",
    "請複製一份：`mkdir -p ~/.kube && sudo cat /etc/rancher/k3s/k3s.yaml > ~/.kube/config && "
    "chmod 600 ~/.kube/config`",
)
KUBE_UNREACHABLE = Words("The cluster does not answer: {why}.", "叢集沒有回應：{why}。")
KUBE_TIMEOUT = Words("no answer within {seconds} s", "{seconds} 秒內沒有回應")
KUBE_UNREACHABLE_REMEDY = Words(
    "Start it, and check that --kubeconfig, $KUBECONFIG and --context lead to it.",
    "請啟動叢集，並檢查 --kubeconfig、$KUBECONFIG 與 --context 是否指向它。",
)
# Why it does not answer, and what to do: one sentence for each way.
KUBE_CREDENTIALS = Words(
    "The cluster answers, but does not know who you are (401): {why}.",
    "叢集有回應，但無法確認您的身分（401）：{why}。",
)
KUBE_CREDENTIALS_REMEDY = Words(
    "The token or the client certificate in your kubeconfig has expired or is wrong: get a new kubeconfig; "
    "on a k3s server it is /etc/rancher/k3s/k3s.yaml.",
    "kubeconfig 中的權杖或用戶端憑證已過期或有誤：請取得新的 kubeconfig；"
    "在 k3s 伺服器上為 /etc/rancher/k3s/k3s.yaml。",
)
KUBE_RIGHTS = Words(
    "The cluster knows you, but does not let you do this (403): {why}.",
    "叢集知道您的身分，但不允許此操作（403）：{why}。",
)
KUBE_RIGHTS_REMEDY = Words(
    "Ask an administrator for the role view in the namespace, and for the right to pods/exec.",
    "請向管理者申請該命名空間的 view 角色與 pods/exec 權限。",
)
KUBE_NO_HOST = Words(
    "The name of the cluster's API server does not resolve: {why}.",
    "無法解析叢集 API 伺服器的名稱：{why}。",
)
KUBE_NO_HOST_REMEDY = Words(
    "Correct the address of the server in your kubeconfig, or the DNS of this machine.",
    "請修正 kubeconfig 中的伺服器位址，或這台機器的 DNS 設定。",
)
KUBE_REFUSES = Words(
    "The cluster does not answer: nothing listens at the address of its API server ({why}).",
    "叢集沒有回應：其 API 伺服器的位址沒有程式在監聽（{why}）。",
)
KUBE_SILENT = Words(
    "The cluster does not answer: its API server said nothing in time ({why}).",
    "叢集沒有回應：其 API 伺服器未在時限內回應（{why}）。",
)
KUBE_SILENT_REMEDY = Words(
    "Check that the machine runs, that your kubeconfig has its present address, and that no firewall or VPN "
    "is between.",
    "請確認該機器已開機、kubeconfig 中是它目前的位址，且中間沒有防火牆或 VPN 阻擋。",
)
KUBE_CA = Words(
    "The certificate of the cluster's API server is not the one that your kubeconfig trusts: {why}.",
    "叢集 API 伺服器的憑證不是 kubeconfig 所信任的：{why}。",
)
KUBE_CA_REMEDY = Words(
    "The kubeconfig is of another cluster, or of this one before it was made anew: get a new one.",
    "此 kubeconfig 屬於其他叢集，或屬於重建之前的叢集：請取得新的 kubeconfig。",
)
KUBE_EXPIRED = Words(
    "A certificate between you and the cluster's API server has expired: {why}.",
    "您與叢集 API 伺服器之間的憑證已過期：{why}。",
)
KUBE_EXPIRED_REMEDY = Words(
    "Check the clock of both machines. On a k3s server, `sudo systemctl restart k3s` renews its "
    "certificates; then get a new kubeconfig.",
    "請檢查兩台機器的時鐘。在 k3s 伺服器上，`sudo systemctl restart k3s` 會更新憑證；"
    "之後請取得新的 kubeconfig。",
)
KUBE_FORBIDDEN = Words("You may not read the cluster's nodes: {why}.", "您沒有讀取節點的權限：{why}。")
KUBE_FORBIDDEN_REMEDY = Words(
    "Ask an administrator for the right to list nodes.",
    "請向管理者申請列出節點的權限。",
)
KUBE_OTHER_SERVER = Words(
    "What answers at the address of the cluster is no Kubernetes API server: {why}.",
    "在叢集的位址上回應的不是 Kubernetes API 伺服器：{why}。",
)
KUBE_OTHER_SERVER_REMEDY = Words(
    "Correct the server's address in your kubeconfig (clusters.cluster.server). It begins with https://, and "
    "its port is usually 6443.",
    "請修正 kubeconfig 中的伺服器位址（clusters.cluster.server）。位址以 https:// 開頭，連接埠通常是 6443。",
)
KUBE_ANSWER = Words(
    '{program} does not answer as kubectl does: asked for JSON, it printed "{said}".',
    "{program} 的回應與 kubectl 不同：要求的是 JSON，得到的是「{said}」。",
)
KUBE_NOTHING = Words(
    "{program} does not answer as kubectl does: asked for JSON, it printed nothing.",
    "{program} 的回應與 kubectl 不同：要求的是 JSON，但沒有任何輸出。",
)
KUBE_MUTE = Words(
    "{program} does not answer as kubectl does: exit code {code}, and it said nothing.",
    "{program} 的回應與 kubectl 不同：結束代碼 {code}，沒有任何訊息。",
)
KUBE_ANSWER_REMEDY = Words(
    "Check what --kubectl names: it must be a kubectl (on k3s: `--kubectl 'k3s kubectl'`).",
    "請檢查 --kubectl 的指令：它必須是 kubectl（k3s 可用 `--kubectl 'k3s kubectl'`）。",
)
# Instead of a reason.
SAID_NOTHING = Words("exit code {code}, and it said nothing", "結束代碼 {code}，沒有任何訊息")
KUBE_EMPTY = Words("The cluster has no node yet.", "叢集目前沒有任何節點。")
KUBE_REFUSED = Words("{kind} was refused: {why}.", "{kind} 遭到拒絕：{why}。")
KUBE_FAILED = Words("kubectl {command} failed: {why}.", "kubectl {command} 失敗：{why}。")
KUBE_UNREADABLE = Words("{kind} {name} cannot be read: {why}.", "無法讀取 {kind} {name}：{why}。")
JOB_NO_POD = Words("Job {job} has no pod", "Job {job} 沒有 Pod")
LABEL_FAILED = Words("kubectl did not label {node}: {why}.", "kubectl 未能標記 {node}：{why}。")
LABEL_FAILED_REMEDY = Words(
    "Run `{command}` with more rights.",
    "請以足夠的權限執行 `{command}`。",
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

# Helm.
HELM = Words("the helm to call (default: %(default)s)", "要呼叫的 helm（預設：%(default)s）")
NO_HELM_REMEDY = Words(
    "Install Helm (https://helm.sh/docs/intro/install/), or name it with --helm.",
    "請安裝 Helm（https://helm.sh/docs/intro/install/），或以 --helm 指定。",
)
HELM_FAILED = Words("helm {command} failed: {why}.", "helm {command} 失敗：{why}。")
