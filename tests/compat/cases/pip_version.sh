# needs: pip3
pip3 --version
pip3 list > /dev/null 2> errors
echo "list $?"
/usr/bin/python3 -m venv --without-pip venv && venv/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'
