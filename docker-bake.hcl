# docker buildx bake: the image for both kinds of machine, of which the native parts (lmdb, fs-native-extensions) have builds.
# The variables come from the environment; .github/workflows/release.yaml sets them.

# Where it goes, such as registry.example/team. Without it the image has no registry in its name.
variable "REGISTRY" {
  default = ""
}
variable "VERSION" {
  default = "0.1.0"
}
# A tag, for everyday builds. A release pins it: BASE=$(npm run --silent pin:base).
variable "BASE" {
  default = "node:24-slim"
}
variable "REVISION" {
  default = "unknown"
}

group "default" {
  targets = ["image"]
}

target "image" {
  context   = "."
  platforms = ["linux/amd64", "linux/arm64"]
  args = {
    BASE     = BASE
    REVISION = REVISION
  }
  tags   = [REGISTRY == "" ? "budget-arbiter:${VERSION}" : "${REGISTRY}/budget-arbiter:${VERSION}"]
  attest = ["type=provenance,mode=max", "type=sbom"]
}
