module libnanostore/bindings/go

go 1.24
