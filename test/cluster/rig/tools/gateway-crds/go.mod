module kube-rig/tools/gateway-crds

go 1.27.0

toolchain go1.27.3

require sigs.k8s.io/gateway-api v1.7.0
