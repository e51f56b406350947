"""What commands read from a portal: everything for a backup, less for an audit or a stage plan."""

from __future__ import annotations

from b24kit.crm.refs import Kind

SETTINGS = (Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.USER, Kind.TEAM)
EVERYTHING = (*SETTINGS, Kind.LEAD, Kind.CONTACT, Kind.COMPANY, Kind.DEAL, Kind.INCOMING, Kind.ACTIVITY)
