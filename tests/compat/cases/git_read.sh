# needs: git
# setup: git init -q . && echo one > file && git add . && git commit -qm first && echo two >> file && git commit -qam second && echo three >> file && echo new > untracked
# What reads a repository; the index cannot be refreshed, and nothing may complain of that.
git status
git status --porcelain
git diff
git --no-pager log --format='%an %s'
git blame -s file | sed 's/^[0-9a-f^]* //'
git show --stat --format=%s
git grep -n two
git branch -a
git rev-parse --show-toplevel | sed 's,.*/,,'
git stash list
git describe --always | grep -c .
git ls-files
git diff --stat HEAD~1
